use kinfra_rpc::{EngineState, NodeState, ProjectState, Snapshot, StackStatus};
use serde::Serialize;

/// A project as `--json` shows it: its whole state, and what is otherwise computed from it.
#[derive(Debug, Serialize)]
pub struct ProjectReport<'a> {
    status: StackStatus,
    healthy: usize,
    /// Its own, of its main service; none without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(flatten)]
    project: &'a ProjectState,
}

impl<'a> ProjectReport<'a> {
    pub fn new(project: &'a ProjectState, engine: &EngineState) -> Self {
        let url = engine.proxy.port.and_then(|port| project.url(port));
        Self { status: project.status(), healthy: project.healthy(), url, project }
    }
}

/// A process as `ps --json` shows it.
#[derive(Debug, Serialize)]
pub struct ProcessReport<'a> {
    project: &'a str,
    #[serde(flatten)]
    node: &'a NodeState,
}

impl<'a> ProcessReport<'a> {
    pub fn all(snapshot: &'a Snapshot) -> Vec<Self> {
        let of = |project: &'a ProjectState| {
            let running = project.nodes.iter().filter(|node| node.pid.is_some());
            running.map(|node| Self { project: &project.slug, node })
        };
        snapshot.projects.iter().flat_map(of).collect()
    }
}
