use std::sync::Arc;

use kinfra_rpc::{Change, NodeState, Notice, Snapshot, Update};

use super::judge::Judge;
use crate::events::Hub;

/// Follows the state as long as the engine lives, and tells what is worth telling.
pub async fn watch(hub: Arc<Hub>) {
    let mut updates = hub.watch();
    let (mut state, mut judge) = (Snapshot::default(), Judge::default());
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

fn compare(judge: &mut Judge, before: &Snapshot, after: &Snapshot) -> Vec<Notice> {
    let projects =
        after.projects.iter().flat_map(|project| project.nodes.iter().map(|node| (&project.slug, node)));
    projects.filter_map(|(slug, node)| judge.change(slug, find(before, slug, &node.name)?, node)).collect()
}

fn find<'a>(state: &'a Snapshot, slug: &str, node: &str) -> Option<&'a NodeState> {
    let project = state.projects.iter().find(|project| project.slug == slug)?;
    project.nodes.iter().find(|known| known.name == node)
}
