use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{EngineState, NodeState, Problem, ProjectState, Snapshot};

/// What a watcher receives: a snapshot first and whenever it lagged, else deltas in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "type", content = "value")]
#[ts(export, export_to = "rpc.ts")]
#[expect(clippy::large_enum_variant, reason = "made, written and dropped; never kept in numbers")]
pub enum Update {
    Snapshot(Snapshot),
    Delta(Delta),
    /// Worth telling the user by a desktop notification.
    Notice(Notice),
    /// A second start of the app, or the CLI, asks for the window.
    ShowWindow,
    /// The engine is about to end; nothing follows.
    Ended,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Delta {
    /// The revision that the state has with this delta applied: the one before, plus one.
    #[ts(type = "number")]
    pub revision: u64,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "type")]
#[ts(export, export_to = "rpc.ts")]
#[expect(clippy::large_enum_variant, reason = "made, written and dropped; never kept in numbers")]
pub enum Change {
    Engine {
        engine: EngineState,
    },
    /// A project is new, or its list of nodes or its problems changed.
    Project {
        project: ProjectState,
    },
    ProjectRemoved {
        slug: String,
    },
    Node {
        slug: String,
        node: NodeState,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Notice {
    /// The same for every notice of one episode, so that a later one replaces it.
    pub id: String,
    pub title: String,
    pub body: String,
    /// Empty: it concerns several projects, or none.
    pub project: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<Problem>,
    /// The tunnel that it is about, while starting that anew may help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tunnel: Option<String>,
    /// What can be done about it with a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub offer: Option<NoticeOffer>,
}

/// What a notice's button does with the service that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum NoticeOffer {
    /// It is paused, and goes on where it was.
    Resume,
    /// It is about to be paused as it isn't used, and is left running.
    KeepRunning,
}

impl NoticeOffer {
    /// The action of [`crate::ActOnResource`] that it stands for.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::KeepRunning => "keep-running",
        }
    }

    /// As a button says it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Resume => "Resume",
            Self::KeepRunning => "Keep running",
        }
    }
}

impl Snapshot {
    /// Applies one delta. False when it doesn't follow on this revision, and a new snapshot is needed.
    #[must_use]
    pub fn apply(&mut self, delta: &Delta) -> bool {
        if delta.revision != self.revision + 1 {
            return false;
        }
        self.revision = delta.revision;
        match &delta.change {
            Change::Engine { engine } => self.engine = engine.clone(),
            Change::Project { project } => {
                match self.projects.iter_mut().find(|known| known.slug == project.slug) {
                    Some(known) => *known = project.clone(),
                    None => self.projects.push(project.clone()),
                }
            }
            Change::ProjectRemoved { slug } => self.projects.retain(|project| project.slug != *slug),
            Change::Node { slug, node } => {
                let project = self.projects.iter_mut().find(|project| project.slug == *slug);
                if let Some(known) =
                    project.and_then(|project| project.nodes.iter_mut().find(|known| known.name == node.name))
                {
                    *known = node.clone();
                }
            }
        }
        true
    }
}
