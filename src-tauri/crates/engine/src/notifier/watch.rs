//! Theory of operation: the notifier is a reader of the state like any other. A node's bad news is told at once; those
//! of tunnels are held back by their episodes until they are due. The machine was asleep when the clock on the wall is
//! further ahead than before, which is looked for whenever something happens, and, while there are tunnels, every few
//! seconds: so it is known to within these when it woke up.

use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{Change, NodeState, Notice, Phase, ProjectState, Snapshot, Update, Wanted};
use tokio::time::{Instant, sleep_until};

use super::episodes::Episodes;
use super::judge::Judge;
use super::tunnels::notice;
use crate::clock::Clock;
use crate::events::Hub;

const LOOK_AT_CLOCK: Duration = Duration::from_secs(5);

/// Follows the state as long as the engine lives, and tells what is worth telling. `ended`: the nodes, by project, that
/// ran when the last engine was lost, and have ended since. Nobody has told of that yet.
pub async fn watch(hub: Arc<Hub>, clock: Clock, ended: Vec<(String, String)>) {
    let mut updates = hub.watch();
    let mut notifier = Notifier {
        ahead: ahead(&clock),
        hub,
        clock,
        state: running(ended),
        judge: Judge::default(),
        episodes: Episodes::default(),
    };
    loop {
        tokio::select! {
            update = updates.recv() => match update {
                Some(Update::Ended) | None => return,
                Some(update) => notifier.take(update),
            },
            () = notifier.pause() => {}
        }
        notifier.tell();
    }
}

struct Notifier {
    hub: Arc<Hub>,
    clock: Clock,
    state: Snapshot,
    judge: Judge,
    episodes: Episodes,
    /// How far the clock on the wall was ahead of the moments when it was looked at last.
    ahead: i64,
}

impl Notifier {
    fn take(&mut self, update: Update) {
        self.look_at_clock();
        match update {
            Update::Snapshot(snapshot) => {
                let news = compare(&mut self.judge, &self.state, &snapshot);
                news.into_iter().for_each(|notice| self.hub.notice(notice));
                self.state = snapshot;
                self.see_tunnels();
            }
            Update::Delta(delta) => {
                if let Change::Node { slug, node } = &delta.change
                    && !self.state.engine.ending
                    && let Some(notice) = find(&self.state, slug, &node.name)
                        .and_then(|before| self.judge.change(slug, before, node))
                {
                    self.hub.notice(notice);
                }
                if let Change::ProjectRemoved { slug } = &delta.change {
                    self.judge.forget(slug);
                }
                // The updates of one hub have no gaps: a lag brings a snapshot.
                let _ = self.state.apply(&delta);
                if matches!(delta.change, Change::Engine { .. }) {
                    self.see_tunnels();
                }
            }
            Update::Notice(_) | Update::ShowWindow | Update::Ended => {}
        }
    }

    fn see_tunnels(&mut self) {
        if self.state.engine.ending {
            return self.episodes.forget();
        }
        self.episodes.see(self.clock.now(), &self.state.engine.tunnels);
    }

    fn tell(&mut self) {
        if self.episodes.due().is_none_or(|due| due > self.clock.now()) {
            return;
        }
        self.look_at_clock();
        for news in self.episodes.tell(self.clock.now()) {
            self.hub.notice(notice(&news, &self.state));
        }
    }

    fn look_at_clock(&mut self) {
        let before = std::mem::replace(&mut self.ahead, ahead(&self.clock));
        if self.ahead > before {
            self.episodes.wake(self.clock.now());
        }
    }

    /// Until something may have to be told without anything having happened.
    async fn pause(&mut self) {
        let due = self.episodes.due().map(|due| self.clock.instant(due));
        if self.state.engine.tunnels.is_empty() {
            return std::future::pending().await;
        }
        loop {
            let look = Instant::now() + LOOK_AT_CLOCK;
            match due {
                Some(due) if due <= look => return sleep_until(due).await,
                _ => sleep_until(look).await,
            }
            self.look_at_clock();
        }
    }
}

/// The same for two moments, unless the machine slept between them, or somebody set the clock.
fn ahead(clock: &Clock) -> i64 {
    let now = clock.now();
    clock.wall_at(now).cast_signed() - now.cast_signed()
}

/// As it was when somebody looked last.
fn running(nodes: Vec<(String, String)>) -> Snapshot {
    let mut state = Snapshot::default();
    for (slug, name) in nodes {
        let node = NodeState { name, wanted: Wanted::Running, phase: Phase::Running, ..NodeState::default() };
        match state.projects.iter_mut().find(|project| project.slug == slug) {
            Some(project) => project.nodes.push(node),
            None => state.projects.push(ProjectState { slug, nodes: vec![node], ..ProjectState::default() }),
        }
    }
    state
}

fn compare(judge: &mut Judge, before: &Snapshot, after: &Snapshot) -> Vec<Notice> {
    let projects =
        after.projects.iter().flat_map(|project| project.nodes.iter().map(|node| (&project.slug, node)));
    projects.filter_map(|(slug, node)| judge.change(slug, find(before, slug, &node.name)?, node)).collect()
}

fn find<'a>(state: &'a Snapshot, slug: &str, node: &str) -> Option<&'a NodeState> {
    let project = state.projects.iter().find(|project| project.slug == slug)?;
    project.nodes.iter().find(|known| known.name == node)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kinfra_rpc::{EngineState, Exit, Exposure, TunnelState, TunnelStatus};
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;

    fn project(nodes: &[(&str, Option<i32>)]) -> ProjectState {
        let node = |(name, code): &(&str, Option<i32>)| NodeState {
            name: (*name).to_owned(),
            wanted: Wanted::Running,
            phase: if code.is_some() { Phase::Exited } else { Phase::Running },
            last_exit: code.map(|code| Exit { code: Some(code), signal: None, at: 1 }),
            ..NodeState::default()
        };
        ProjectState {
            slug: "shop".into(),
            nodes: nodes.iter().map(node).collect(),
            ..ProjectState::default()
        }
    }

    /// The titles of what is told up to the crash of `last`.
    async fn told(hub: &Arc<Hub>, ended: &[&str]) -> Vec<String> {
        let ended = ended.iter().map(|name| ("shop".to_owned(), (*name).to_owned())).collect();
        tokio::spawn(watch(Arc::clone(hub), Clock::start(), ended));
        let mut heard = vec![];
        // It begins to watch in its own time.
        tokio::task::yield_now().await;
        let mut updates = hub.watch();
        let crash = project(&[("last", Some(9))]).nodes;
        while !heard.iter().any(|title| title == "last crashed") {
            match timeout(Duration::from_secs(30), updates.recv()).await.unwrap().unwrap() {
                Update::Notice(notice) => heard.push(notice.title),
                _ => hub.set_nodes("shop", crash.clone()),
            }
        }
        heard
    }

    #[tokio::test]
    async fn a_crash_that_no_engine_saw_is_told_and_one_that_was_told_before_is_not() {
        let hub = Hub::new(EngineState::default());
        hub.set_project(project(&[
            ("unseen", Some(1)),
            ("known", Some(1)),
            ("done", Some(0)),
            ("last", None),
        ]));
        assert_eq!(told(&hub, &["unseen", "done"]).await, ["unseen crashed", "last crashed"]);
    }

    #[tokio::test]
    async fn one_whose_end_is_just_being_heard_of_is_told_once() {
        let hub = Hub::new(EngineState::default());
        hub.set_project(project(&[("late", None), ("last", None)]));
        let late = async {
            tokio::task::yield_now().await;
            hub.set_nodes("shop", project(&[("late", Some(1))]).nodes);
        };
        let (told, ()) = tokio::join!(told(&hub, &["late"]), late);
        assert_eq!(told, ["late crashed", "last crashed"]);
    }

    fn fares(hub: &Hub, status: TunnelStatus, reason: &str) {
        let (name, reason) = ("quick-shop-web".to_owned(), reason.to_owned());
        hub.change_engine(|engine| {
            engine.tunnels = vec![TunnelState { name, status, reason, ..TunnelState::default() }];
        });
    }

    /// All that is told until nothing more comes.
    async fn heard(updates: &mut mpsc::Receiver<Update>) -> Vec<Notice> {
        let mut heard = vec![];
        while let Ok(Some(update)) = timeout(Duration::from_secs(60), updates.recv()).await {
            if let Update::Notice(notice) = update {
                heard.push(notice);
            }
        }
        heard
    }

    #[tokio::test(start_paused = true)]
    async fn a_tunnel_s_failure_and_its_return_are_told_and_nothing_is_when_the_engine_ends() {
        let hub = Hub::new(EngineState::default());
        let exposure = Exposure {
            url: Some("https://calm-river.trycloudflare.com".into()),
            tunnel: Some("quick-shop-web".into()),
            ..Exposure::default()
        };
        let mut shop = project(&[("web", None)]);
        shop.nodes[0].exposures.push(exposure);
        hub.set_project(shop);
        tokio::spawn(watch(Arc::clone(&hub), Clock::start(), vec![]));
        let mut updates = hub.watch();

        fares(&hub, TunnelStatus::Healthy, "1 connection");
        assert_eq!(heard(&mut updates).await, []);
        fares(&hub, TunnelStatus::Down, "no connection with Cloudflare");
        let down = heard(&mut updates).await;
        let [Notice { id, title, body, tunnel, service, .. }] = &*down else { panic!("{down:?}") };
        assert_eq!((&**title, &**body), ("The tunnel of web is down", "no connection with Cloudflare."));
        assert_eq!((tunnel.as_deref(), service.as_deref()), (Some("quick-shop-web"), Some("web")));
        fares(&hub, TunnelStatus::Healthy, "1 connection");
        let up = heard(&mut updates).await;
        let [again] = &*up else { panic!("{up:?}") };
        assert_eq!(
            (&*again.title, &*again.body),
            ("web is public again", "https://calm-river.trycloudflare.com")
        );
        assert_eq!((&again.id, &again.tunnel), (id, &None), "it takes the place of the first one");

        hub.change_engine(|engine| engine.ending = true);
        fares(&hub, TunnelStatus::Down, "cloudflared ended");
        assert_eq!(heard(&mut updates).await, []);
    }
}
