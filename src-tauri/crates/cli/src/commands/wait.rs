use std::time::Duration;

use kinfra_rpc::{ErrorCode, Problem, ProjectState};

use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::watching::{Display, Follow, Goal, Verdict};

/// Shows what happens until the goal is reached; gives the project's state then. `timeout` is in seconds.
///
/// # Errors
/// [`ErrorCode::NotHealthy`] or what the services say when it is missed.
pub async fn wait(
    surroundings: &Surroundings,
    follow: &mut Follow,
    slug: &str,
    goal: &Goal,
    timeout: Option<u64>,
) -> Result<ProjectState, Trouble> {
    let reaching = reach(surroundings, follow, slug, goal);
    let Some(seconds) = timeout else { return reaching.await };
    match tokio::time::timeout(Duration::from_secs(seconds), reaching).await {
        Ok(result) => result,
        Err(_) => {
            let message = format!("`{slug}` is not there after {seconds} s");
            let hint = format!("it goes on; see `kinfra status --project {slug}`");
            Err(Problem::new(ErrorCode::NotHealthy, message).hint(hint).into())
        }
    }
}

async fn reach(
    surroundings: &Surroundings,
    follow: &mut Follow,
    slug: &str,
    goal: &Goal,
) -> Result<ProjectState, Trouble> {
    let mut display = Display::in_place(&surroundings.output);
    loop {
        let project = follow.project(slug)?;
        display.show(project.nodes.iter().filter(|node| goal.concerns(&node.name)).cloned().collect());
        match goal.judge(project) {
            Verdict::Reached => return Ok(project.clone()),
            Verdict::Missed(problems) => return Err(Trouble::Failure(problems.into())),
            Verdict::Pending => follow.changed().await?,
        }
    }
}
