use std::time::Duration;

use tokio::time::Instant;

use kinfra_rpc::{ErrorCode, NodeState, Problem, ProjectState};

use crate::render::last_words;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::watching::{Display, Follow, Goal, Patience, Verdict};

/// What a service printed is read when it has ended, so the engine has it a little later than the end itself. One that
/// printed nothing is waited for so long in vain.
const LAST_WORDS: Duration = Duration::from_millis(300);

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
    let mut patience = Patience::default();
    loop {
        let project = follow.project(slug)?;
        display.show(&project.nodes.iter().filter(|node| goal.concerns(&node.name)).collect::<Vec<_>>());
        match patience.weigh(Instant::now(), goal.judge(project)) {
            Verdict::Reached => return Ok(project.clone()),
            Verdict::Missed(problems) => {
                tell_last_words(surroundings, follow, slug, goal).await;
                return Err(Trouble::Failure(problems.into()));
            }
            Verdict::Pending | Verdict::Doubtful(_) => {
                // What is on show may count down meanwhile.
                let counts = display.counts_down().then(|| Instant::now() + Duration::from_secs(1));
                follow.changed_until([counts, patience.ends_at].into_iter().flatten().min()).await?;
            }
        }
    }
}

/// What those that ended by themselves printed last: the reason is often there.
async fn tell_last_words(surroundings: &Surroundings, follow: &mut Follow, slug: &str, goal: &Goal) {
    let deadline = Instant::now() + LAST_WORDS;
    loop {
        let Ok(project) = follow.project(slug) else { return };
        let ended = |node: &&NodeState| {
            let by_itself = node.last_exit.is_some_and(|exit| exit.code != Some(0));
            goal.concerns(&node.name) && node.has_failed() && by_itself
        };
        let ended: Vec<&NodeState> = project.nodes.iter().filter(ended).collect();
        let all_told = ended.iter().all(|node| !node.last_lines.is_empty());
        if all_told || Instant::now() >= deadline {
            for node in ended {
                surroundings.output.note_raw(&last_words(node, surroundings.output.note_palette));
            }
            return;
        }
        if follow.changed_until(Some(deadline)).await.is_err() {
            return;
        }
    }
}
