//! Theory of operation: the hub owns the one snapshot. A change is applied and sent under one lock, so revisions
//! have no gaps. What must hold before anybody hears of a change (the routes of a healthy service) is done under that
//! lock too, by the one who was asked to. Each watcher has a bounded queue behind a task of its own; one that lags loses its deltas and
//! gets a new snapshot instead, so a slow reader costs nobody else anything.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kinfra_rpc::{Change, Delta, EngineState, NodeState, Notice, ProjectState, Snapshot, Update};
use tokio::sync::{broadcast, mpsc, watch};

/// Deltas that a watcher may be behind before it gets a snapshot instead.
const BACKLOG: usize = 256;

/// What is told so soon after the beginning is told again to whoever comes later, for as long: who shows it needs a
/// moment to come.
const EARLY: Duration = Duration::from_secs(30);

type Beforehand = Box<dyn Fn(&Snapshot, &[Delta]) + Send>;

pub struct Hub {
    snapshot: Mutex<Snapshot>,
    beforehand: Mutex<Option<Beforehand>>,
    updates: broadcast::Sender<Update>,
    revision: watch::Sender<u64>,
    begun: Instant,
    early: Mutex<Vec<Notice>>,
}

impl Hub {
    #[must_use]
    pub fn new(engine: EngineState) -> Arc<Self> {
        let snapshot = Mutex::new(Snapshot { engine, ..Snapshot::default() });
        Arc::new(Self {
            snapshot,
            beforehand: Mutex::default(),
            updates: broadcast::channel(BACKLOG).0,
            revision: watch::channel(0).0,
            begun: Instant::now(),
            early: Mutex::default(),
        })
    }

    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.lock().clone()
    }

    /// Has this done with the present state, and with each later one and what led to it, before anybody else learns
    /// of it. It must not block, nor call the hub.
    pub fn before_telling(&self, act: impl Fn(&Snapshot, &[Delta]) + Send + 'static) {
        let snapshot = self.lock();
        act(&snapshot, &[]);
        *self.beforehand.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(act));
    }

    /// Reads something out of the snapshot without copying it.
    pub fn read<T>(&self, read: impl FnOnce(&Snapshot) -> T) -> T {
        read(&self.lock())
    }

    /// The revision, as it changes: to wait for something to become true.
    #[must_use]
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Waits until the state satisfies the test.
    pub async fn until(&self, test: impl Fn(&Snapshot) -> bool) {
        let mut revisions = self.revisions();
        while !self.read(&test) {
            if revisions.changed().await.is_err() {
                return;
            }
        }
    }

    /// Those that changed, all at once: what must hold beforehand is done once for all of them.
    pub fn set_nodes(&self, slug: &str, nodes: Vec<NodeState>) {
        let mut snapshot = self.lock();
        let Some(project) = snapshot.projects.iter().find(|project| project.slug == slug) else { return };
        let differs = |(index, node): &(usize, NodeState)| {
            // They come in the order in which they are known, but for what is about to leave.
            let there = project.nodes.get(*index).filter(|known| known.name == node.name);
            let known = there.or_else(|| project.nodes.iter().find(|known| known.name == node.name));
            known.is_some_and(|known| known != node)
        };
        let change = |node| Change::Node { slug: slug.to_owned(), node };
        let changed = nodes.into_iter().enumerate().filter(differs);
        let changes: Vec<Change> = changed.map(|(_, node)| change(node)).collect();
        self.change_all(&mut snapshot, changes);
    }

    pub fn set_project(&self, project: ProjectState) {
        let mut snapshot = self.lock();
        if !snapshot.projects.contains(&project) {
            self.change(&mut snapshot, Change::Project { project });
        }
    }

    pub fn remove_project(&self, slug: &str) {
        let mut snapshot = self.lock();
        if snapshot.projects.iter().any(|project| project.slug == slug) {
            self.change(&mut snapshot, Change::ProjectRemoved { slug: slug.to_owned() });
        }
    }

    pub fn change_engine(&self, change: impl FnOnce(&mut EngineState)) {
        let mut snapshot = self.lock();
        let mut engine = snapshot.engine.clone();
        change(&mut engine);
        if engine != snapshot.engine {
            self.change(&mut snapshot, Change::Engine { engine });
        }
    }

    pub fn notice(&self, notice: Notice) {
        // Whoever begins to watch just now hears of it once.
        let _snapshot = self.lock();
        let mut early = self.early();
        match self.begun.elapsed() < EARLY {
            true => early.push(notice.clone()),
            false => early.clear(),
        }
        // An error means that nobody watches; then nobody is to be told.
        let _ = self.updates.send(Update::Notice(notice));
    }

    pub fn show_window(&self) {
        let _ = self.updates.send(Update::ShowWindow);
    }

    pub fn ended(&self) {
        let _ = self.updates.send(Update::Ended);
    }

    /// Follows the state: a snapshot first. Must be called within a tokio runtime.
    #[must_use]
    pub fn watch(self: &Arc<Self>) -> mpsc::Receiver<Update> {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let (snapshot, early, updates) = {
            let snapshot = self.lock();
            let is_early = self.begun.elapsed() < EARLY;
            let early = if is_early { self.early().clone() } else { vec![] };
            (snapshot.clone(), early, self.updates.subscribe())
        };
        let first = std::iter::once(Update::Snapshot(snapshot)).chain(early.into_iter().map(Update::Notice));
        tokio::spawn(forward(Arc::clone(self), first.collect(), updates, sender));
        receiver
    }

    fn early(&self) -> MutexGuard<'_, Vec<Notice>> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, snapshot: &mut Snapshot, change: Change) {
        self.change_all(snapshot, vec![change]);
    }

    fn change_all(&self, snapshot: &mut Snapshot, changes: Vec<Change>) {
        let apply = |change| {
            let delta = Delta { revision: snapshot.revision + 1, change };
            // The revision is the next one by construction.
            let _ = snapshot.apply(&delta);
            delta
        };
        let deltas: Vec<Delta> = changes.into_iter().map(apply).collect();
        if deltas.is_empty() {
            return;
        }
        if let Some(act) = &*self.beforehand.lock().unwrap_or_else(PoisonError::into_inner) {
            act(snapshot, &deltas);
        }
        for delta in deltas {
            let _ = self.updates.send(Update::Delta(delta));
        }
        self.revision.send_replace(snapshot.revision);
    }

    fn lock(&self) -> MutexGuard<'_, Snapshot> {
        // A panic between two fields of a snapshot can't happen: changes are whole.
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn forward(
    hub: Arc<Hub>,
    mut first: VecDeque<Update>,
    mut updates: broadcast::Receiver<Update>,
    sender: mpsc::Sender<Update>,
) {
    let mut revision = match first.front() {
        Some(Update::Snapshot(snapshot)) => snapshot.revision,
        _ => 0,
    };
    let mut next = None;
    loop {
        while let Some(update) = first.pop_front().or_else(|| next.take()) {
            if sender.send(update).await.is_err() {
                return;
            }
        }
        let received = tokio::select! {
            received = updates.recv() => received,
            () = sender.closed() => return,
        };
        next = match received {
            // A snapshot taken after a lag holds what still stands in the queue.
            Ok(Update::Delta(delta)) if delta.revision <= revision => None,
            Ok(Update::Delta(delta)) => {
                revision = delta.revision;
                Some(Update::Delta(delta))
            }
            Ok(update) => Some(update),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                let snapshot = hub.snapshot();
                revision = snapshot.revision;
                Some(Update::Snapshot(snapshot))
            }
            Err(broadcast::error::RecvError::Closed) => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(nodes: usize) -> ProjectState {
        let nodes =
            (0..nodes).map(|index| NodeState { name: format!("node{index}"), ..NodeState::default() });
        ProjectState { slug: "shop".into(), nodes: nodes.collect(), ..ProjectState::default() }
    }

    #[tokio::test]
    async fn a_watcher_that_lags_gets_a_snapshot_and_ends_up_with_the_same_state() {
        let hub = Hub::new(EngineState::default());
        hub.set_project(project(3));
        let mut updates = hub.watch();
        for round in 0..5_000_u32 {
            let node = NodeState { name: "node1".into(), restarts: round, ..NodeState::default() };
            hub.set_nodes("shop", vec![node]);
        }
        let mut state = Snapshot::default();
        let mut snapshots = 0;
        while state.revision < hub.snapshot().revision {
            match updates.recv().await.unwrap() {
                Update::Snapshot(snapshot) => {
                    state = snapshot;
                    snapshots += 1;
                }
                Update::Delta(delta) => assert!(state.apply(&delta), "a gap before {}", delta.revision),
                _ => {}
            }
        }
        assert_eq!(state, hub.snapshot());
        assert!(snapshots >= 2, "5,000 changes fit into a backlog of {BACKLOG}?");
    }

    #[tokio::test]
    async fn what_is_told_before_anybody_watches_is_heard_by_who_comes_soon() {
        let hub = Hub::new(EngineState::default());
        let notice = |id: &str| Notice {
            id: id.into(),
            title: String::new(),
            body: String::new(),
            project: String::new(),
            service: None,
            problem: None,
            tunnel: None,
            offer: None,
        };
        hub.notice(notice("early"));
        let mut updates = hub.watch();
        hub.notice(notice("later"));
        assert!(matches!(updates.recv().await, Some(Update::Snapshot(_))));
        for id in ["early", "later"] {
            assert_eq!(updates.recv().await, Some(Update::Notice(notice(id))), "each once");
        }
    }

    #[tokio::test]
    async fn a_change_that_changes_nothing_is_not_told() {
        let hub = Hub::new(EngineState::default());
        hub.set_project(project(1));
        let revision = hub.snapshot().revision;
        hub.set_project(project(1));
        hub.set_nodes("shop", vec![NodeState { name: "node0".into(), ..NodeState::default() }]);
        assert_eq!(hub.snapshot().revision, revision);
    }
}
