use std::pin::pin;
use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{Applied, ApplyProject, CompareProject, Failure, TakeSnapshot};
use tokio::time::sleep;

use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::select;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::watching::{Display, Follow, Touched};

/// `kinfra diff`: what the configuration says that is not in effect.
pub async fn diff(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?.slug.clone();
    let comparison = client.call(CompareProject { project }).await?;
    surroundings.output.result(&comparison, |palette| render::changes(&comparison.changes, *palette))?;
    Ok(ExitCode::Done)
}

/// `kinfra apply`: puts just that into effect, and shows what it does to whom.
pub async fn apply(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let mut follow = Follow::begin(&client).await?;
    let project = select(follow.snapshot(), surroundings.project.as_deref(), &surroundings.folder)?;
    let (slug, mut touched) = (project.slug.clone(), Touched::since(project));
    let mut display = Display::in_place(&surroundings.output);
    let applied = follow_while(&client, &mut follow, &slug, |follow| {
        display.show(&touched.of(follow.project(&slug)?));
        Ok(display.counts_down())
    })
    .await?;
    // Its last consequences are in the state with the answer, but come by another way.
    let last = Follow::begin(&client).await?;
    display.show(&touched.of(last.project(&slug)?));
    surroundings.output.result(&applied, |palette| render::applied(&applied, *palette))?;
    Ok(if applied.rolled_back.is_empty() { ExitCode::Done } else { ExitCode::Failed })
}

/// Shows every state until it is applied. `show` says whether what is on show changes by itself as time passes.
async fn follow_while(
    client: &Client,
    follow: &mut Follow,
    slug: &str,
    mut show: impl FnMut(&Follow) -> Result<bool, Failure>,
) -> Result<Applied, Failure> {
    let mut applying = pin!(client.call(ApplyProject { project: slug.to_owned() }));
    loop {
        let counts_down = show(follow)?;
        tokio::select! {
            applied = &mut applying => return applied,
            changed = follow.changed() => changed?,
            () = sleep(Duration::from_secs(1)), if counts_down => {}
        }
    }
}
