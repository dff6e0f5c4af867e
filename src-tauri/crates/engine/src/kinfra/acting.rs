//! What can be done with a resource beside starts and stops, where it runs.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use kinfra_rpc::{
    ActOnResource, ActedOnResource, Failure, InspectResource, Inspection, NoticeOffer, ProjectState,
};
use tokio::time::timeout;

use super::engine::{Engine, Project};
use crate::resource_manager::{Act, By};

/// A request to a vendor is mostly taken within this.
const SOON: Duration = Duration::from_secs(2);

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

    /// Whoever starts services wants what is paused of what they need to go on.
    pub(super) async fn resume_paused(&self, project: &Project, names: &[String]) {
        let slug = project.instance.facts().slug.clone();
        let paused = self.hub.read(|state| {
            let known = state.projects.iter().find(|known| known.slug == slug);
            known.map_or_else(Vec::new, |known| paused_below(known, names))
        });
        let nodes = paused.iter().filter_map(|name| project.service(name).ok().cloned());
        let resumes = nodes.map(|node| {
            tokio::spawn(async move {
                let resume = Act { action: Act::RESUME.to_owned(), ..Act::default() };
                if let Err(problem) = node.act(&resume).await {
                    tracing::warn!(node = node.name(), %problem.message, "not resumed");
                }
            })
        });
        // One that is just being paused takes minutes: nobody else waits for that.
        let _ = timeout(SOON, join_all(resumes)).await;
    }
}

/// Those of these nodes, and of all that they depend on, that are paused.
fn paused_below(project: &ProjectState, names: &[String]) -> Vec<String> {
    let (mut seen, mut open) = (BTreeSet::new(), names.to_vec());
    let mut paused = vec![];
    while let Some(name) = open.pop() {
        let Some(node) = project.nodes.iter().find(|node| node.name == name) else { continue };
        if !seen.insert(name.clone()) {
            continue;
        }
        if node.paused().is_some() {
            paused.push(name);
        }
        open.extend(node.depends_on.iter().cloned());
    }
    paused
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{ErrorCode, NodeState, Phase, Problem};

    use super::*;

    #[test]
    fn what_is_paused_of_what_is_started_goes_on_however_far_below_it_is() {
        let node = |name: &str, depends_on: &[&str], is_paused: bool| NodeState {
            name: name.to_owned(),
            phase: Phase::Running,
            depends_on: depends_on.iter().map(|name| (*name).to_owned()).collect(),
            problem: is_paused.then(|| Problem::new(ErrorCode::ResourcePaused, "is paused")),
            ..NodeState::default()
        };
        let nodes = vec![
            node("db", &[], true),
            node("other", &[], true),
            node("api", &["db", "cache"], false),
            node("cache", &["api"], false),
            node("web", &["api"], false),
        ];
        let project = ProjectState { nodes, ..ProjectState::default() };
        assert_eq!(paused_below(&project, &["web".to_owned()]), ["db"]);
        assert_eq!(paused_below(&project, &["cache".to_owned(), "other".to_owned()]).len(), 2);
    }
}
