//! A resource of another project, used by this one as well: one database for three projects.
//!
//! It is started when the first of its users starts and stopped when the last one stops; who started it by name, in its
//! own project, is a user as well. What it says of its health and what it offers is said here again.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Exit, NodeState, Phase, Problem};

use crate::resource_manager::{
    Adapter, Asking, Capabilities, End, Given, Observed, Outside, Place, PortDeclared, Probed, Progress,
    ResourceType, Restarts, Settings, Settled, SharedNode, Stacks, Started, Step, Stop, TextDeclared,
};
use crate::schema::{Fields, Placed};

pub const TYPE: ResourceType = ResourceType {
    name: "shared",
    meaning: "A resource of another project, which this one uses as well.",
    capabilities: Capabilities {
        stops: true,
        keeps_data: true,
        pauses: false,
        restarts: Restarts::AsConfigured,
        asking: Asking::Free,
    },
    declare: |fields| Arc::new(SharedSettings::declare(fields)),
    left: None,
};

#[derive(Debug)]
struct SharedSettings {
    project: Option<Placed<String>>,
    resource: Option<Placed<String>>,
}

impl SharedSettings {
    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            project: fields.required("project", "The other project's name.", "infra"),
            resource: fields
                .optional("resource", "The resource's name there. Default: the name that it has here."),
        }
    }
}

impl Settings for SharedSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        vec![]
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        vec![]
    }

    fn what(&self) -> Option<String> {
        let project = self.project.as_ref()?;
        Some(format!("of {}", project.value))
    }

    fn offers_anything(&self) -> bool {
        true
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let project = self.project.as_ref().map(|project| project.value.clone()).unwrap_or_default();
        let node = self.resource.as_ref().map_or(&given.place.node, |resource| &resource.value).clone();
        if project == given.place.instance {
            let message = format!("{} can't be shared with the project that it is in", given.place.node);
            return Err(Problem::new(ErrorCode::ConfigInvalidValue, message)
                .hint("name the other project that declares it"));
        }
        Ok(Arc::new(Shared {
            shared: SharedNode { project, node },
            user: given.place,
            outside: given.outside,
            end: End::default(),
        }))
    }
}

struct Shared {
    shared: SharedNode,
    user: Place,
    outside: Arc<Outside>,
    end: End,
}

impl Shared {
    fn stacks(&self) -> Result<Arc<dyn Stacks>, Problem> {
        self.outside.stacks.get().cloned().ok_or_else(|| {
            Problem::new(ErrorCode::Internal, "the stacks of other projects can't be reached")
                .hint("try again")
        })
    }
}

/// Whether it is up, or will be by itself.
const fn is_up(node: &NodeState) -> bool {
    match node.phase {
        Phase::Waiting | Phase::Starting | Phase::Running => true,
        // It is about to be started anew.
        Phase::Exited => node.retry_at.is_some(),
        Phase::Stopped | Phase::Stopping | Phase::Failed | Phase::CrashLooping => false,
    }
}

impl Adapter for Shared {
    fn capabilities(&self) -> Capabilities {
        TYPE.capabilities
    }

    fn observe(&self) -> BoxFuture<'_, Result<Observed, Problem>> {
        async {
            let node = self.stacks()?.look(&self.shared)?;
            let settled = if is_up(&node) { Settled::Running } else { Settled::Down(node.last_exit) };
            Ok(Observed { settled, pid: node.pid, ..Observed::default() })
        }
        .boxed()
    }

    /// Also what is up has to know of its new user.
    fn plan(&self, _: &Observed) -> Result<Vec<Step>, Problem> {
        Ok(vec![Step::Start])
    }

    fn start<'a>(&'a self, _: &'a [Step], _: &'a dyn Progress) -> BoxFuture<'a, Result<Started, Problem>> {
        async {
            self.stacks()?.join(&self.shared, &self.user).await?;
            Ok(Started::default())
        }
        .boxed()
    }

    fn stop(&self, _: Stop) -> BoxFuture<'_, Result<(), Problem>> {
        async {
            self.stacks()?.leave(&self.shared, &self.user).await?;
            self.end.tell(Exit { code: Some(0), ..Exit::default() });
            Ok(())
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Probed> {
        async {
            match self.stacks().and_then(|stacks| stacks.look(&self.shared)) {
                Ok(node) if node.is_ready() => Probed::Ready(String::new()),
                Ok(node) => Probed::NotReady(format!(
                    "{} of {}: {}",
                    self.shared.node, self.shared.project, node.detail
                )),
                Err(problem) => Probed::Unknown(problem),
            }
        }
        .boxed()
    }

    fn ended(&self) -> BoxFuture<'_, Exit> {
        async {
            // Counted again also after the loss of an engine.
            let Ok(stacks) = self.stacks() else { return self.end.wait().await };
            let _ = stacks.join(&self.shared, &self.user).await;
            let came_up = |node: Option<&NodeState>| node.is_some_and(is_up);
            let is_down = |node: Option<&NodeState>| !node.is_some_and(is_up);
            let down = async {
                stacks.wait_for(&self.shared, &came_up).await;
                stacks.wait_for(&self.shared, &is_down).await;
                let _ = stacks.leave(&self.shared, &self.user).await;
                stacks.look(&self.shared).ok().and_then(|node| node.last_exit).unwrap_or_default()
            };
            tokio::select! { exit = self.end.wait() => exit, exit = down => exit }
        }
        .boxed()
    }

    fn outputs(&self) -> BTreeMap<String, String> {
        self.stacks().map(|stacks| stacks.outputs(&self.shared)).unwrap_or_default()
    }
}
