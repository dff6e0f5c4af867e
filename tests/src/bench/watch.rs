use kinfra_engine::control::Client;
use kinfra_rpc::{ProjectState, Snapshot, Update};

/// Follows an engine's state until a project satisfies the test.
///
/// # Panics
/// When the engine can't be followed, or ends before.
pub async fn until(client: &Client, slug: &str, mut test: impl FnMut(&ProjectState) -> bool) {
    let mut updates = client.watch().await.unwrap_or_else(|error| panic!("{error}"));
    let mut state = Snapshot::default();
    while let Some(update) = updates.recv().await {
        match update {
            Update::Snapshot(snapshot) => state = snapshot,
            Update::Delta(delta) => drop(state.apply(&delta)),
            _ => {}
        }
        if state.projects.iter().find(|project| project.slug == slug).is_some_and(&mut test) {
            return;
        }
    }
    panic!("the engine ended");
}
