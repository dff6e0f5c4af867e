use kinfra_engine::control::{Client, Updates};
use kinfra_rpc::{ErrorCode, Failure, Problem, ProjectState, Snapshot, Update};

/// More updates than these that wait are a flood: it is looked at once for all of them, not once for each.
const FLOOD: usize = 32;

/// The engine's state as it changes.
pub struct Follow {
    client: Client,
    updates: Updates,
    snapshot: Snapshot,
}

impl Follow {
    /// Begins with the state as it is now.
    ///
    /// # Errors
    /// [`ErrorCode::EngineUnreachable`] when the engine ends.
    pub async fn begin(client: &Client) -> Result<Self, Failure> {
        let updates = client.watch().await?;
        let mut follow = Self { client: client.clone(), updates, snapshot: Snapshot::default() };
        while !follow.take_next().await? {}
        Ok(follow)
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// # Errors
    /// [`ErrorCode::UnknownProject`] when it was removed.
    pub fn project(&self, slug: &str) -> Result<&ProjectState, Failure> {
        self.snapshot.projects.iter().find(|project| project.slug == slug).ok_or_else(|| {
            Problem::new(ErrorCode::UnknownProject, format!("the project `{slug}` was removed")).into()
        })
    }

    /// Waits for the state to change.
    ///
    /// # Errors
    /// As [`Follow::begin`].
    pub async fn changed(&mut self) -> Result<(), Failure> {
        while !self.take_next().await? {}
        while self.updates.len() > FLOOD {
            self.take_next().await?;
        }
        Ok(())
    }

    /// Takes one update. True when the state is another one now.
    async fn take_next(&mut self) -> Result<bool, Failure> {
        match self.updates.recv().await {
            Some(Update::Snapshot(snapshot)) => {
                self.snapshot = snapshot;
                Ok(true)
            }
            Some(Update::Delta(delta)) => {
                // What the first snapshot holds already may come again.
                if delta.revision <= self.snapshot.revision {
                    return Ok(false);
                }
                if !self.snapshot.apply(&delta) {
                    self.updates = self.client.watch().await?;
                    return Ok(false);
                }
                Ok(true)
            }
            Some(Update::Notice(_) | Update::ShowWindow) => Ok(false),
            Some(Update::Ended) | None => {
                Err(Problem::new(ErrorCode::EngineUnreachable, "the engine ended meanwhile").into())
            }
        }
    }
}
