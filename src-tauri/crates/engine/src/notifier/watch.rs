use std::sync::Arc;

use kinfra_rpc::{Change, NodeState, Notice, Phase, ProjectState, Snapshot, Update, Wanted};

use super::judge::Judge;
use crate::events::Hub;

/// Follows the state as long as the engine lives, and tells what is worth telling. `ended`: the nodes, by project, that
/// ran when the last engine was lost, and have ended since. Nobody has told of that yet.
pub async fn watch(hub: Arc<Hub>, ended: Vec<(String, String)>) {
    let mut updates = hub.watch();
    let (mut state, mut judge) = (running(ended), Judge::default());
    while let Some(update) = updates.recv().await {
        match update {
            Update::Snapshot(snapshot) => {
                let news = compare(&mut judge, &state, &snapshot);
                news.into_iter().for_each(|notice| hub.notice(notice));
                state = snapshot;
            }
            Update::Delta(delta) => {
                if let Change::Node { slug, node } = &delta.change
                    && !state.engine.ending
                    && let Some(notice) =
                        find(&state, slug, &node.name).and_then(|before| judge.change(slug, before, node))
                {
                    hub.notice(notice);
                }
                if let Change::ProjectRemoved { slug } = &delta.change {
                    judge.forget(slug);
                }
                // The updates of one hub have no gaps: a lag brings a snapshot.
                let _ = state.apply(&delta);
            }
            Update::Notice(_) | Update::ShowWindow => {}
            Update::Ended => return,
        }
    }
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

    use kinfra_rpc::{EngineState, Exit};
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
        tokio::spawn(watch(Arc::clone(hub), ended));
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
}
