use kinfra_rpc::{ProjectState, Snapshot, StackStatus};

use crate::sharing;

/// Which picture stands for everything, in the order of what is worse. Starting and stopping are shown as running:
/// an icon that changes on the way to healthy would cry for attention each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Icon {
    #[default]
    Idle,
    Running,
    Degraded,
    Failed,
}

/// The worst state of all.
#[must_use]
pub fn icon(state: &Snapshot) -> Icon {
    let engine = &state.engine;
    let proxy = if engine.proxy.problem.is_some() || !engine.problems.is_empty() {
        Icon::Degraded
    } else {
        Icon::Idle
    };
    state.projects.iter().map(of_project).fold(proxy, Icon::max)
}

fn of_project(project: &ProjectState) -> Icon {
    let stack = match project.status() {
        StackStatus::Stopped => Icon::Idle,
        StackStatus::Starting | StackStatus::Running | StackStatus::Stopping => Icon::Running,
        StackStatus::Degraded => Icon::Degraded,
        StackStatus::Failed => Icon::Failed,
    };
    // Nobody is reached by what is to be public: that is not as it should be, however well all else runs.
    let stack = if sharing::is_broken(project) { stack.max(Icon::Degraded) } else { stack };
    // What runs in spite of a broken configuration is the last good one.
    match (project.problems.is_empty(), stack) {
        (true, _) => stack,
        (false, Icon::Idle) => Icon::Failed,
        (false, _) => stack.max(Icon::Degraded),
    }
}
