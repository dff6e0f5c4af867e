use std::sync::Arc;

use futures_util::FutureExt;
use kinfra_rpc::{ErrorCode, Problem};

use super::super::cloud::Deed;
use super::api::Branch;
use super::look::{Found, RESTORING, named};
use super::vendor::Supabase;
use crate::resource_manager::Act;
use crate::resource_manager::remote::{Goal, Looker, Seen, Sight, Sighted, Trouble};

pub const CREATE: &str = "create-branch";
pub const RESET: &str = "reset-branch";
pub const DELETE: &str = "delete-branch";
pub const CANCEL: &str = "cancel-restore";

pub fn delete_question(branch: &Branch, project: &str) -> String {
    format!("Delete the branch {} of {project} at Supabase, with all data in it?", branch.name)
}

pub fn reset_question(branch: &Branch, project: &str) -> String {
    format!(
        "Reset the branch {} of {project} at Supabase? All data in it is lost: its migrations make it anew.",
        branch.name
    )
}

/// It is the project itself, whatever is said of it.
pub fn is_default(branch: &Branch, project: &str) -> bool {
    branch.is_default || branch.project_ref == project
}

impl Supabase {
    pub(super) fn cancel_question(&self) -> String {
        let what = match &self.branch {
            Some(name) => format!("the branch {name}"),
            None => format!("the project {}", self.api.project),
        };
        format!(
            "Cancel the restore of {what} at Supabase? Everybody waits for it in vain: it is paused again."
        )
    }

    pub(super) async fn deed_of(&self, act: &Act, seen: &Seen<Found>) -> Result<Option<Deed<'_>>, Problem> {
        Ok(match &*act.action {
            CREATE => Some(self.creation(act).await?),
            RESET => Some(self.reset(act).await?),
            DELETE => Some(self.deletion(act).await?),
            CANCEL => Some(self.cancellation(seen)?),
            _ => None,
        })
    }

    async fn creation(&self, act: &Act) -> Result<Deed<'_>, Problem> {
        let name = act.input.as_deref().map(str::trim).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(refused("a branch needs a name", "for example `preview`"));
        }
        if named(&self.all_branches().await?, &name).is_some() {
            return Err(refused(&format!("there is a branch {name} already"), "give it another name"));
        }
        Ok(Deed {
            call: self.api.create_branch(&name),
            goal: Goal::Up,
            question: None,
            told: format!("The branch {name} is being made."),
            sight: self.sight(name, |branch| (branch.is_some(), "not there")),
        })
    }

    async fn reset(&self, act: &Act) -> Result<Deed<'_>, Problem> {
        let branches = self.all_branches().await?;
        let branch = self.meant(act, &branches)?;
        if is_default(branch, &self.api.project) {
            return Err(never(branch, "reset"));
        }
        let before = branch.updated_at.clone();
        Ok(Deed {
            call: self.api.reset(branch),
            goal: Goal::Up,
            question: Some(reset_question(branch, &self.title().await)),
            told: format!("The branch {} is being reset.", branch.name),
            sight: self.sight(branch.name.clone(), move |branch| {
                let is_reset = branch.is_some_and(|branch| {
                    branch.status == "RUNNING_MIGRATIONS" || branch.updated_at != before
                });
                (is_reset, "as it was")
            }),
        })
    }

    async fn deletion(&self, act: &Act) -> Result<Deed<'_>, Problem> {
        let branches = self.all_branches().await?;
        let branch = self.meant(act, &branches)?;
        if is_default(branch, &self.api.project) {
            return Err(never(branch, "deleted"));
        }
        Ok(Deed {
            call: self.api.delete(branch),
            goal: Goal::Down,
            question: Some(delete_question(branch, &self.title().await)),
            told: format!("The branch {} is being deleted.", branch.name),
            sight: self.sight(branch.name.clone(), |branch| (branch.is_none(), "still there")),
        })
    }

    fn cancellation(&self, seen: &Seen<Found>) -> Result<Deed<'_>, Problem> {
        if seen.found.status != RESTORING {
            return Err(refused(
                &format!("there is no restore to cancel: it is {}", seen.word),
                "pause it, if that is what is meant",
            ));
        }
        Ok(Deed {
            call: self.api.cancel_restore(&seen.found.reference),
            goal: Goal::Down,
            question: Some(self.cancel_question()),
            told: "The restore is being cancelled.".to_owned(),
            sight: Box::new(move || {
                async move {
                    let seen = self.look().await?;
                    Ok(Sighted { is_reached: seen.found.status != RESTORING, word: seen.word })
                }
                .boxed()
            }),
        })
    }

    /// Looks at one branch, and says by `is_so` whether it is as it should be, and what it is if it isn't.
    fn sight<'s>(
        &'s self,
        name: String,
        is_so: impl Fn(Option<&Branch>) -> (bool, &'static str) + Send + Sync + 's,
    ) -> Box<Sight<'s>> {
        let is_so = Arc::new(is_so);
        Box::new(move || {
            let (name, is_so) = (name.clone(), Arc::clone(&is_so));
            async move {
                let branches = self.branches().await?.unwrap_or_default();
                let (is_reached, word) = is_so(named(&branches, &name));
                Ok(Sighted { is_reached, word: word.to_owned() })
            }
            .boxed()
        })
    }

    async fn all_branches(&self) -> Result<Vec<Branch>, Problem> {
        let told = |trouble: Trouble| self.client.problem("list the branches", &trouble);
        Ok(self.branches().await.map_err(told)?.unwrap_or_default())
    }

    fn meant<'b>(&self, act: &Act, branches: &'b [Branch]) -> Result<&'b Branch, Problem> {
        // Without one, it is the resource's own.
        let name = act.target.as_deref().or(self.branch.as_deref()).unwrap_or_default();
        named(branches, name).ok_or_else(|| {
            let names: Vec<_> = branches.iter().map(|branch| &*branch.name).collect();
            refused(&format!("there is no branch {name}"), &format!("there is: {}", names.join(", ")))
        })
    }

    /// As people call the project.
    async fn title(&self) -> String {
        let project = self.project(&self.api.project).await;
        project.ok().flatten().map_or_else(|| self.api.project.clone(), |project| project.name)
    }
}

fn never(branch: &Branch, deed: &str) -> Problem {
    refused(
        &format!("the branch {} is the project itself: it is not {deed} from here", branch.name),
        "if that is right, do it in Supabase's dashboard",
    )
}

fn refused(message: &str, hint: &str) -> Problem {
    Problem::new(ErrorCode::InvalidRequest, message).hint(hint)
}
