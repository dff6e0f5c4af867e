//! The loop.
//!
//! Theory of operation: one thread waits for the listener, the engine, signals, pipes and the pidfds
//! of adopted processes, and gives each that is ready one bounded turn: pipes first, because a child that can't
//! write stands still. Nothing else blocks. Several connections may be open, but the last that said hello is the
//! engine; the one before it is cut off. The keeper ends when nobody needs it: no engine, and no run that is
//! alive or whose end is still to be told.

use std::fs;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::geteuid;

use super::children::Children;
use super::link::Link;
use super::spawning::MOST_AT_ONCE;
use super::startup::{Options, StartError, Started, start};
use crate::platform::{self, Interest, Token};
use crate::protocol::{
    DROPPING, ExitStatus, FromKeeper, OLDEST, PROTOCOL, Reply, Request, RequestFrame, Spawn,
};

/// How long a keeper that was just started waits for its engine.
const FIRST_ENGINE: Duration = Duration::from_secs(10);

/// How long ends wait for an engine that asks for them. A machine is left alone over a night or a weekend's day,
/// and the process costs about 2 MiB; the store would then only say "ended, unknown how".
const ENDS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A run that prints without end is told of so often: a person sees no difference, and the engine sleeps.
const BETWEEN_OUTPUTS: Duration = Duration::from_millis(25);

/// After the system refused a connection, for want of descriptors.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// What else is ready has its turn after so many requests, or as many new processes as are made at once.
const REQUESTS_PER_TURN: usize = 64;

/// Connections that have not said hello.
const MOST_STRANGERS: usize = 8;

struct Keeper {
    started: Started,
    children: Children,
    links: Vec<Link>,
    user: u32,
    /// Since when nobody is connected.
    alone_since: Instant,
    had_engine: bool,
    outputs_at: Instant,
    /// Until when nobody is let in: out of descriptors, asking at once again would only burn the processor.
    deaf_until: Option<Instant>,
    quit: bool,
}

/// Becomes the keeper; returns when it is no longer needed.
///
/// # Errors
/// [`StartError::Locked`] when there is one already, else what could not be done.
pub fn run(options: &Options) -> Result<(), StartError> {
    let started = start(options)?;
    let poller = Rc::clone(&started.poller);
    let mut keeper = Keeper {
        started,
        children: Children::new(poller),
        links: Vec::new(),
        user: geteuid().as_raw(),
        alone_since: Instant::now(),
        had_engine: false,
        outputs_at: Instant::now(),
        deaf_until: None,
        quit: false,
    };
    while !keeper.is_done() {
        keeper
            .turn()
            .map_err(|error| StartError::Io { doing: "wait for what happens next".to_owned(), error })?;
    }
    for link in &mut keeper.links {
        link.say_goodbye();
    }
    // While the lock is still held, so that it can't be the next keeper's.
    let _ = fs::remove_file(&keeper.started.socket);
    drop(keeper.started.lock);
    Ok(())
}

impl Keeper {
    fn turn(&mut self) -> io::Result<()> {
        let mut ready = self.wait()?;
        let mut is_ready = |token| {
            let found = ready.iter().position(|ready| *ready == token);
            found.map(|index| ready.swap_remove(index)).is_some()
        };
        let listener = is_ready(self.started.listener.token());
        let signals = is_ready(self.started.signals.wake.token());
        let links = self.links.iter().map(|link| is_ready(link.socket.token()) | link.has_more);
        let links: Vec<bool> = links.collect();
        self.children.pump(&ready);
        let mut ended = Vec::new();
        if signals {
            // What is in it doesn't matter, only that it is empty before children are looked at.
            while matches!((&*self.started.signals.wake).read(&mut [0; 64]), Ok(read) if read > 0) {}
            ended.extend(self.children.reap());
        }
        ended.extend(self.children.end_adopted(&ready));
        self.tell_ends(&ended);
        for (index, _) in links.iter().enumerate().filter(|(_, ready)| **ready) {
            self.serve(index);
        }
        if listener {
            self.accept();
        }
        self.tell_drops();
        self.tell_output();
        self.drop_lost_links();
        Ok(())
    }

    fn wait(&mut self) -> io::Result<Vec<Token>> {
        let present = Instant::now();
        self.deaf_until = self.deaf_until.filter(|until| present < *until);
        let is_deaf = self.deaf_until.is_some();
        self.started.listener.set_interest(if is_deaf { Interest::End } else { Interest::Readable });
        self.links.iter_mut().for_each(Link::wait_for_room);
        let at_once = self.links.iter().any(|link| link.has_more).then_some(present);
        let until =
            [self.deadline(), at_once, self.deaf_until, self.children.patience(), self.children.try_at()];
        let until = until.into_iter().flatten().min();
        self.started.poller.wait(until.map(|until| until.saturating_duration_since(present)))
    }

    /// When to wake up even if nothing happens.
    fn deadline(&self) -> Option<Instant> {
        if let Some(engine) = self.links.iter().find(|link| link.greeted) {
            // Else it doesn't read, and its socket wakes the loop when it does.
            let may_tell = !self.children.printed.is_empty() && !engine.has_unsent();
            return may_tell.then_some(self.outputs_at);
        }
        self.end_at()
    }

    /// When a keeper without engine ends, if nothing changes.
    fn end_at(&self) -> Option<Instant> {
        if !self.links.is_empty() || self.children.alive() > 0 {
            return None;
        }
        let patience = match (self.children.runs.is_empty(), self.had_engine) {
            (true, true) => Duration::ZERO,
            (true, false) => FIRST_ENGINE,
            (false, _) => ENDS_KEPT,
        };
        Some(self.alone_since + patience)
    }

    fn is_done(&self) -> bool {
        // A SIGTERM counts for the moment in which it comes: it shall not take effect hours later.
        let told_to_end = self.started.signals.terminate.swap(false, Ordering::Relaxed)
            && self.children.alive() == 0
            && self.children.runs.is_empty();
        self.quit || told_to_end || self.end_at().is_some_and(|at| at <= Instant::now())
    }

    fn accept(&mut self) {
        self.deaf_until = loop {
            match self.started.listener.accept() {
                Ok((socket, _)) => {
                    let is_own = platform::peer_user(&socket).is_ok_and(|user| user == self.user);
                    if let (true, Ok(link)) = (is_own, Link::new(&self.started.poller, socket)) {
                        self.links.push(link);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break None,
                Err(_) => break Some(Instant::now() + AFTER_REFUSAL),
            }
        };
        let strangers = self.links.iter().filter(|link| !link.greeted).count();
        let surplus = strangers.saturating_sub(MOST_STRANGERS);
        for link in self.links.iter_mut().filter(|link| !link.greeted).take(surplus) {
            link.lost = true;
        }
    }

    fn serve(&mut self, index: usize) {
        self.links[index].has_more = true;
        let mut spawns = Vec::new();
        for _ in 0..REQUESTS_PER_TURN {
            let Some((RequestFrame { id, request, .. }, descriptors)) = self.links[index].next() else {
                self.links[index].has_more = false;
                break;
            };
            let request = match request {
                Request::Spawn(spawn) if self.links[index].greeted => {
                    spawns.push((id, spawn));
                    if spawns.len() == MOST_AT_ONCE {
                        break;
                    }
                    continue;
                }
                request => request,
            };
            self.spawn(index, std::mem::take(&mut spawns));
            let (reply, answered) = match request {
                Request::Hello { protocol } if protocol < OLDEST => {
                    self.links[index].lost = true;
                    let reason = format!(
                        "it speaks version {protocol} of the protocol, and this keeper version {OLDEST} and later"
                    );
                    (Reply::Refused { reason }, Vec::new())
                }
                Request::Hello { protocol } => (self.greet(index, protocol), Vec::new()),
                _ if !self.links[index].greeted => {
                    self.links[index].lost = true;
                    (Reply::Refused { reason: "say hello first".to_owned() }, Vec::new())
                }
                request => self.answer(request, descriptors),
            };
            self.links[index].reply(id, reply, answered);
        }
        self.spawn(index, spawns);
        self.links[index].answer();
    }

    /// Those that were asked for one after the other.
    fn spawn(&mut self, index: usize, spawns: Vec<(u64, Arc<Spawn>)>) {
        let (ids, spawns): (Vec<u64>, Vec<Arc<Spawn>>) = spawns.into_iter().unzip();
        for (id, (reply, descriptors)) in ids.into_iter().zip(self.children.spawn(&spawns)) {
            self.links[index].reply(id, reply, descriptors);
        }
    }

    /// From now on this connection is the engine.
    fn greet(&mut self, index: usize, protocol: u32) -> Reply {
        for (other, link) in self.links.iter_mut().enumerate() {
            if other != index && link.greeted {
                link.greeted = false;
                link.lost = true;
            }
        }
        self.links[index].greeted = true;
        self.links[index].protocol = protocol;
        self.had_engine = true;
        hello()
    }

    fn answer(&mut self, request: Request, descriptors: Vec<OwnedFd>) -> (Reply, Vec<OwnedFd>) {
        let children = &mut self.children;
        let reply = match request {
            Request::Hello { .. } => hello(),
            Request::Spawn(spawn) => return children.spawn(&[spawn]).swap_remove(0),
            Request::Pipes { run } => return children.pipes(&run),
            Request::Adopt(adopt) => children.adopt(&adopt, descriptors),
            Request::Signal { run, signal, scope } => children.signal(&run, signal, scope),
            Request::Unknown => Reply::Refused {
                reason: format!(
                    "this keeper speaks version {PROTOCOL} of the protocol and doesn't know that request"
                ),
            },
            Request::List => children.list(),
            Request::Remaining { run } => children.remaining(&run),
            Request::Forget { run } => children.forget(&run),
            Request::Quit => match u32::try_from(children.alive()).unwrap_or(u32::MAX) {
                0 => {
                    self.quit = true;
                    Reply::Done
                }
                children => Reply::Busy { children },
            },
        };
        (reply, Vec::new())
    }

    fn tell_ends(&mut self, ended: &[(Rc<str>, ExitStatus)]) {
        let Some(engine) = self.links.iter_mut().find(|link| link.greeted) else { return };
        for (run, status) in ended {
            engine.send(&FromKeeper::Exited { run: run.to_string(), status: *status });
        }
    }

    fn tell_drops(&mut self) {
        let drops = self.children.look_for_drops();
        let engine = self.links.iter_mut().find(|link| link.greeted && link.protocol >= DROPPING);
        let Some(engine) = engine else { return };
        for (run, reason) in drops {
            engine.send(&FromKeeper::Dropping { run: run.to_string(), reason });
        }
    }

    fn tell_output(&mut self) {
        let Some(engine) = self.links.iter_mut().find(|link| link.greeted) else {
            self.children.printed.clear();
            return;
        };
        let now = Instant::now();
        if self.children.printed.is_empty() || engine.has_unsent() || now < self.outputs_at {
            return;
        }
        for run in std::mem::take(&mut self.children.printed) {
            engine.send(&FromKeeper::Output { run: run.to_string() });
        }
        self.outputs_at = now + BETWEEN_OUTPUTS;
    }

    fn drop_lost_links(&mut self) {
        let before = self.links.len();
        self.links.retain(|link| !link.lost);
        if before > 0 && self.links.is_empty() {
            self.alone_since = Instant::now();
        }
    }
}

fn hello() -> Reply {
    Reply::Hello { protocol: PROTOCOL, pid: std::process::id() }
}
