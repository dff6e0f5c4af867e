//! The task behind [`super::Keeper`].
//!
//! Theory of operation: the task alone owns the connection and the table of held runs. Orders come in by a
//! channel and are answered when the keeper replies. When the connection is lost the task finds or starts a
//! keeper and makes both sides agree again: runs that the keeper doesn't know are handed over with their pipes,
//! runs that ended meanwhile are told. Orders that were under way are then asked once again, because doing them
//! twice does no harm; a spawn is not, and whatever it may have started is ended.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kinfra_keeper::protocol::{ExitStatus, FromKeeper, Identity, Reply, Request};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::launch::{KeeperOptions, establish};
use super::leftovers::end_leftovers;
use super::link::Link;
use super::table::{Held, of_message};
use super::{KeeperEvent, ProcessError};

/// Between attempts to get a keeper, doubled each time up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long its new parent, mostly init, may take to wait for a process whose keeper is lost; and how often it is looked
/// whether it has. Nobody stands still meanwhile.
const REAPED_WITHIN: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct Order {
    pub request: Request,
    pub answer: oneshot::Sender<Result<Reply, ProcessError>>,
    /// It was under way when a keeper was lost. A second time it may be the cause.
    pub repeated: bool,
}

pub struct Actor {
    options: KeeperOptions,
    link: Link,
    orders: mpsc::UnboundedReceiver<Order>,
    events: mpsc::UnboundedSender<KeeperEvent>,
    pid: Arc<AtomicU32>,
    table: HashMap<String, Held>,
    waiting: HashMap<u64, Order>,
    /// Runs that ended while nobody held them, and until when it is waited to know how.
    unseen: Vec<(String, Instant)>,
    /// The keeper agreed to end.
    quit: bool,
}

impl Actor {
    pub fn new(
        options: KeeperOptions,
        link: Link,
        orders: mpsc::UnboundedReceiver<Order>,
        events: mpsc::UnboundedSender<KeeperEvent>,
        pid: Arc<AtomicU32>,
    ) -> Self {
        let (table, waiting) = (HashMap::new(), HashMap::new());
        Self { options, link, orders, events, pid, table, waiting, unseen: vec![], quit: false }
    }

    /// Ends when the last handle is dropped, or when the keeper ended as it was told.
    pub async fn run(mut self) {
        loop {
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.submit(order),
                    None => return,
                },
                received = self.link.receive() => match received {
                    Ok((message, descriptors)) => self.handle(message, descriptors),
                    Err(_) if self.quit => return,
                    Err(error) => {
                        tracing::warn!(%error, pid = self.link.keeper.pid, "the keeper is lost");
                        if self.recover().await.is_none() {
                            return;
                        }
                    }
                },
                () = sleep(LOOK_AGAIN), if !self.unseen.is_empty() => self.tell_unseen(),
            }
        }
    }

    /// Makes the table and the keeper agree.
    ///
    /// # Errors
    /// When the connection is lost meanwhile.
    pub async fn resume(&mut self) -> io::Result<()> {
        self.pid.store(self.link.keeper.pid, Ordering::Relaxed);
        let Reply::Runs { runs } = self.ask(Request::List).await?.0 else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let listed: HashSet<String> = runs.iter().map(|run| run.run.clone()).collect();
        let unknown: Vec<String> = self.table.keys().filter(|run| !listed.contains(*run)).cloned().collect();
        // All of it before the next question: an end that is told meanwhile must find its run in the table.
        for run in runs {
            let held = self.table.entry(run.run.clone()).or_insert_with(|| Held::listed(&run));
            if held.dropping != run.dropping {
                self.note_drop(run.run.clone(), run.dropping.clone());
            }
            let Some(held) = self.table.get(&run.run) else { continue };
            if let (None, Some(status)) = (held.ended, run.ended) {
                self.note_end(run.run, status);
            }
        }
        let mut gone = vec![];
        for run in unknown {
            if !self.hand_over(&run).await? {
                gone.push(run);
            }
        }
        self.end_unseen(gone);
        for run in listed {
            self.take_pipes(run).await?;
        }
        Ok(())
    }

    async fn take_pipes(&mut self, run: String) -> io::Result<()> {
        if self.table.get(&run).is_some_and(|held| held.pipes.is_empty())
            && let (Reply::Pipes { stdout, stderr, watch }, descriptors) =
                self.ask(Request::Pipes { run: run.clone() }).await?
            && let Some(held) = self.table.get_mut(&run)
        {
            let (pipes, watch) = of_message(stdout, stderr, watch, descriptors);
            held.pipes = pipes;
            // What is held already was there earlier.
            held.watch = held.watch.take().or(watch);
        }
        Ok(())
    }

    /// False when it has ended, and nobody was told how.
    async fn hand_over(&mut self, run: &str) -> io::Result<bool> {
        let Some(held) = self.table.get(run) else { return Ok(true) };
        if held.ended.is_some() && held.pipes.is_empty() {
            return Ok(true);
        }
        let (adopt, descriptors) = held.adopt(run)?;
        let already_told = held.ended.is_some();
        let (reply, _) = self.link_ask(Request::Adopt(adopt), descriptors).await?;
        match reply {
            Reply::Adopted => {}
            Reply::NotThere if already_told => {}
            Reply::NotThere => return Ok(false),
            other => {
                tracing::error!(run, ?other, "the keeper did not take over a run");
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        if let Some(held) = self.table.get_mut(run) {
            // The new one has not failed to write yet.
            if held.dropping.is_some() {
                self.note_drop(run.to_owned(), None);
            }
        }
        Ok(true)
    }

    /// They ended while nobody held them. How, the kernel tells once init has waited for them.
    fn end_unseen(&mut self, gone: Vec<String>) {
        let deadline = Instant::now() + REAPED_WITHIN;
        for run in gone {
            if self.unseen.iter().all(|(known, _)| *known != run) {
                self.unseen.push((run, deadline));
            }
        }
        self.tell_unseen();
    }

    /// Tells the ends of those for whom that is clear by now, or never will be.
    fn tell_unseen(&mut self) {
        let present = Instant::now();
        let is_clear = |run: &String| self.table.get(run).is_none_or(Held::is_clear);
        let (clear, unseen): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unseen)
            .into_iter()
            .partition(|(run, deadline)| is_clear(run) || *deadline <= present);
        self.unseen = unseen;
        for (run, _) in clear {
            if let Some(held) = self.table.get_mut(&run) {
                let status = held.unseen_end(now());
                self.note_end(run, status);
            }
        }
    }

    async fn ask(&mut self, request: Request) -> io::Result<(Reply, Vec<OwnedFd>)> {
        self.link_ask(request, Vec::new()).await
    }

    async fn link_ask(
        &mut self,
        request: Request,
        descriptors: Vec<OwnedFd>,
    ) -> io::Result<(Reply, Vec<OwnedFd>)> {
        let mut aside = Vec::new();
        let answer = self.link.ask(request, descriptors, |message| aside.push(message)).await;
        for message in aside {
            self.handle(message, Vec::new());
        }
        answer
    }

    fn submit(&mut self, order: Order) {
        match self.link.send(order.request.clone(), Vec::new()) {
            Ok(id) => {
                self.waiting.insert(id, order);
            }
            Err(error) => {
                let doing = "do what can't be written down".to_owned();
                let _ = order.answer.send(Err(ProcessError::Refused { doing, reason: error.to_string() }));
            }
        }
    }

    fn handle(&mut self, message: FromKeeper, descriptors: Vec<OwnedFd>) {
        match message {
            FromKeeper::Exited { run, status } => self.note_end(run, status),
            FromKeeper::Output { run } => self.tell(KeeperEvent::Output { run }),
            FromKeeper::Dropping { run, reason } => self.note_drop(run, reason),
            FromKeeper::Unknown => {}
            FromKeeper::Reply { id, reply, .. } => {
                let Some(Order { request, answer, .. }) = self.waiting.remove(&id) else { return };
                match (&request, &reply) {
                    (Request::Spawn(spawn), Reply::Spawned { identity, watch }) => {
                        let held = Held::spawned(spawn, *identity, *watch, descriptors);
                        self.table.insert(spawn.run.clone(), held);
                    }
                    (Request::Forget { run }, Reply::Done) => {
                        self.table.remove(run);
                    }
                    (Request::Quit, Reply::Done) => self.quit = true,
                    _ => {}
                }
                // Nobody waits when the caller was cancelled; what was done is in the table all the same.
                let _ = answer.send(Ok(reply));
            }
        }
    }

    fn note_end(&mut self, run: String, status: ExitStatus) {
        if let Some(held) = self.table.get_mut(&run) {
            held.ended = Some(status);
            held.watch = None;
        }
        self.tell(KeeperEvent::Exited { run, status });
    }

    fn note_drop(&mut self, run: String, reason: Option<String>) {
        if let Some(held) = self.table.get_mut(&run) {
            held.dropping.clone_from(&reason);
        }
        self.tell(KeeperEvent::Dropping { run, reason });
    }

    /// `None` when every handle was dropped meanwhile.
    async fn recover(&mut self) -> Option<()> {
        self.table.values_mut().for_each(Held::begin_watch);
        self.tell(KeeperEvent::Lost);
        let lost = self.link.keeper;
        let (spawns, repeated): (Vec<Order>, Vec<Order>) = std::mem::take(&mut self.waiting)
            .into_values()
            .partition(|order| matches!(order.request, Request::Spawn(_)));
        for order in spawns {
            end_spawn(order, lost).await;
        }
        let (given_up, mut repeated): (Vec<Order>, Vec<Order>) =
            repeated.into_iter().partition(|order| order.repeated);
        for order in given_up {
            let _ = order.answer.send(Err(ProcessError::Lost));
        }
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.reconnect().await {
            tracing::error!(%error, "no keeper; services run on without one");
            self.tell(KeeperEvent::Unavailable { reason: error.to_string() });
            while let Ok(order) = self.orders.try_recv() {
                repeated.push(order);
            }
            for order in repeated.drain(..) {
                let _ = order.answer.send(Err(ProcessError::Lost));
            }
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                // Somebody needs it now.
                order = self.orders.recv() => repeated.push(order?),
            }
        }
        for order in repeated {
            self.submit(Order { repeated: true, ..order });
        }
        self.tell(KeeperEvent::Back);
        Some(())
    }

    async fn reconnect(&mut self) -> Result<(), ProcessError> {
        self.link = establish(&self.options).await?;
        self.resume().await.map_err(|_| ProcessError::Lost)
    }

    fn tell(&self, event: KeeperEvent) {
        // The receiver may be gone: an engine that ends doesn't listen any more.
        let _ = self.events.send(event);
    }
}

async fn end_spawn(order: Order, keeper: Identity) {
    if let Request::Spawn(spawn) = order.request {
        // Reads /proc, which takes some milliseconds on a busy machine.
        let ended = tokio::task::spawn_blocking(move || end_leftovers(&spawn.run, keeper)).await;
        if let Err(error) = ended {
            tracing::error!(%error, "cannot look for what a lost keeper had started");
        }
    }
    let _ = order.answer.send(Err(ProcessError::Lost));
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
