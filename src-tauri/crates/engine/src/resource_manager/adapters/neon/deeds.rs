use futures_util::FutureExt;
use kinfra_rpc::{ErrorCode, Problem};

use super::super::cloud::Deed;
use super::api::Branch;
use super::look::named;
use super::vendor::Neon;
use crate::resource_manager::Act;
use crate::resource_manager::remote::{Goal, Sighted, Trouble};

pub const CREATE: &str = "create-branch";
pub const RESET: &str = "reset-branch";
pub const DELETE: &str = "delete-branch";

pub fn delete_question(branch: &Branch, project: &str) -> String {
    format!("Delete the branch {} of {project} at Neon, with all data in it?", branch.name)
}

pub fn reset_question(branch: &Branch, parent: &Branch, project: &str) -> String {
    let (name, parent) = (&branch.name, &parent.name);
    format!(
        "Reset the branch {name} of {project} at Neon to {parent}? All that was written to it since is lost."
    )
}

impl Neon {
    pub(super) async fn deed_of(&self, act: &Act) -> Result<Option<Deed<'_>>, Problem> {
        Ok(match &*act.action {
            CREATE => Some(self.creation(act).await?),
            RESET => Some(self.reset(act).await?),
            DELETE => Some(self.deletion(act).await?),
            _ => None,
        })
    }

    async fn creation(&self, act: &Act) -> Result<Deed<'_>, Problem> {
        let name = act.input.as_deref().map(str::trim).unwrap_or_default().to_owned();
        if name.is_empty() || name.len() > 256 {
            return Err(refused("a branch needs a name of up to 256 characters", "for example `preview`"));
        }
        let branches = self.all_branches().await?;
        if named(&branches, Some(&name)).is_some() {
            return Err(refused(&format!("there is a branch {name} already"), "give it another name"));
        }
        let parent = self.parent().await.map_err(|trouble| self.told(&trouble))?;
        Ok(Deed {
            call: self.api.create_branch(&name, parent.as_deref()),
            goal: Goal::Up,
            question: None,
            told: format!("The branch {name} is being made."),
            sight: self.sight(name, |branch| (branch.is_some(), "not there")),
        })
    }

    async fn reset(&self, act: &Act) -> Result<Deed<'_>, Problem> {
        let branches = self.all_branches().await?;
        let branch = self.meant(act, &branches)?;
        let parent = branches.iter().find(|parent| Some(&parent.id) == branch.parent_id.as_ref());
        let parent = parent.ok_or_else(|| {
            refused(&format!("the branch {} has no parent to be reset to", branch.name), "name another one")
        })?;
        let before = branch.last_reset_at.clone();
        Ok(Deed {
            call: self.api.reset(branch, &parent.id),
            goal: Goal::Up,
            question: Some(reset_question(branch, parent, &self.title().await)),
            told: format!("The branch {} is being reset to {}.", branch.name, parent.name),
            sight: self.sight(branch.name.clone(), move |branch| {
                let is_reset = branch.is_some_and(|branch| {
                    branch.current_state == "resetting" || branch.last_reset_at != before
                });
                (is_reset, "as it was")
            }),
        })
    }

    async fn deletion(&self, act: &Act) -> Result<Deed<'_>, Problem> {
        let branches = self.all_branches().await?;
        let branch = self.meant(act, &branches)?;
        if branch.default || branch.protected {
            let kind = if branch.default { "the project's default" } else { "protected" };
            return Err(refused(
                &format!("the branch {} is {kind}: it is not deleted from here", branch.name),
                "if that is right, do it in Neon's console",
            ));
        }
        Ok(Deed {
            call: self.api.delete(branch),
            goal: Goal::Down,
            question: Some(delete_question(branch, &self.title().await)),
            told: format!("The branch {} is being deleted.", branch.name),
            sight: self.sight(branch.name.clone(), |branch| (branch.is_none(), "still there")),
        })
    }

    /// Looks at one branch, and says by `is_so` whether it is as it should be, and what it is if it isn't.
    fn sight<'s>(
        &'s self,
        name: String,
        is_so: impl Fn(Option<&Branch>) -> (bool, &'static str) + Send + Sync + 's,
    ) -> Box<crate::resource_manager::remote::Sight<'s>> {
        let is_so = std::sync::Arc::new(is_so);
        Box::new(move || {
            let (name, is_so) = (name.clone(), std::sync::Arc::clone(&is_so));
            async move {
                let branches = self.branches().await?.unwrap_or_default();
                let (is_reached, word) = is_so(named(&branches, Some(&name)));
                Ok(Sighted { is_reached, word: word.to_owned() })
            }
            .boxed()
        })
    }

    async fn all_branches(&self) -> Result<Vec<Branch>, Problem> {
        let branches = self.branches().await.map_err(|trouble| self.told(&trouble))?;
        Ok(branches.unwrap_or_default())
    }

    fn meant<'b>(&self, act: &Act, branches: &'b [Branch]) -> Result<&'b Branch, Problem> {
        // Without one, it is the resource's own.
        let name = act.target.as_deref().or(self.branch.as_deref());
        named(branches, name).ok_or_else(|| {
            let names: Vec<_> = branches.iter().map(|branch| &*branch.name).collect();
            refused(
                &format!("there is no branch {}", name.unwrap_or_default()),
                &format!("there is: {}", names.join(", ")),
            )
        })
    }

    /// As people call the project.
    async fn title(&self) -> String {
        let project = self.client.read::<super::api::OneProject>(&self.api.project()).await;
        project.ok().flatten().map_or_else(|| self.api.project.clone(), |answer| answer.project.name)
    }

    fn told(&self, trouble: &Trouble) -> Problem {
        self.client.problem("list the branches", trouble)
    }
}

fn refused(message: &str, hint: &str) -> Problem {
    Problem::new(ErrorCode::InvalidRequest, message).hint(hint)
}
