//! What can be done with a resource beside starts and stops, where it runs.

use kinfra_rpc::{ActOnResource, ActedOnResource, Failure, InspectResource, Inspection, NoticeOffer};

use super::engine::{Engine, Project};
use crate::resource_manager::{Act, By};

impl Engine {
    pub(super) async fn inspect_resource(&self, of: &InspectResource) -> Result<Inspection, Failure> {
        let project = self.project(&of.project)?;
        Ok(project.service(&of.resource)?.inspect().await?)
    }

    pub(super) async fn act_on_resource(&self, act: &ActOnResource) -> Result<ActedOnResource, Failure> {
        self.refuse_when_ending()?;
        let project = self.project(&act.project)?;
        self.used(&act.project);
        if act.action == NoticeOffer::KeepRunning.action() {
            let name = project.service(&act.resource)?.name();
            return Ok(ActedOnResource {
                text: format!("{name} runs on until it is unused for as long again."),
            });
        }
        let asked = Act {
            action: act.action.clone(),
            target: act.target.clone(),
            input: act.input.clone(),
            confirmed: act.confirmed.clone(),
            by: By::User,
        };
        Ok(ActedOnResource { text: project.service(&act.resource)?.act(&asked).await? })
    }

    /// Whoever starts a stack wants what is paused of it to go on.
    pub(super) fn resume_paused(&self, project: &Project, names: &[String]) {
        let slug = project.instance.facts().slug.clone();
        let is_paused = |name: &&String| {
            self.hub.read(|state| {
                let known = state.projects.iter().find(|known| known.slug == slug);
                let mut nodes = known.into_iter().flat_map(|known| &known.nodes);
                nodes.any(|node| node.name == **name && node.paused().is_some())
            })
        };
        for name in names.iter().filter(is_paused) {
            let Ok(node) = project.service(name).cloned() else { continue };
            tokio::spawn(async move {
                let resume = Act { action: Act::RESUME.to_owned(), ..Act::default() };
                if let Err(problem) = node.act(&resume).await {
                    tracing::warn!(node = node.name(), %problem.message, "not resumed");
                }
            });
        }
    }
}
