//! The words of the menu: the same as the window's (`ui/src/lib/state/status.ts`), without what changes by itself
//! as time passes. A countdown would redraw an open menu every second.

use std::collections::BTreeSet;

use kinfra_rpc::{ErrorCode, Health, NodeState, Phase, ProjectState, StackStatus, Wanted};

/// A menu that is wider hides what it was opened over; GTK itself never shortens a line.
const LONGEST_LINE: usize = 72;
const LONGEST_NAME: usize = 32;

/// How the engine begins to say that a pause is on its way.
const PAUSING: &str = "is being paused";

/// The project in a few words: `3 of 3 healthy`, `failed · 1 of 3 healthy`, `2 problems · stopped`,
/// `2 of 2 healthy · 1 paused`.
pub fn project_line(project: &ProjectState) -> String {
    let status = project.status();
    let healthy = format!("{} of {} healthy", project.healthy(), project.expected());
    let problems = match project.problems.len() {
        0 => None,
        1 => Some("1 problem".to_owned()),
        count => Some(format!("{count} problems")),
    };
    match (problems, project.nodes.is_empty(), status) {
        (Some(problems), true, _) => problems,
        (Some(problems), false, StackStatus::Running) => {
            format!("{problems} · {}", running_line(project, healthy))
        }
        (Some(problems), false, _) => format!("{problems} · {}", status.word()),
        (None, true, _) => "no services".to_owned(),
        (None, false, StackStatus::Running) => running_line(project, healthy),
        (None, false, StackStatus::Stopped) => "stopped".to_owned(),
        (None, false, _) => format!("{} · {healthy}", status.word()),
    }
}

fn running_line(project: &ProjectState, healthy: String) -> String {
    let paused = project.nodes.iter().filter(|node| node.is_paused_here()).count();
    match (paused, project.expected()) {
        (0, _) => healthy,
        (_, 0) => "paused".to_owned(),
        (paused, _) => format!("{healthy} · {paused} paused"),
    }
}

/// Whoever runs it has paused it, and nobody here wanted that.
pub fn is_suspended(node: &NodeState) -> bool {
    node.paused().is_some_and(|problem| problem.code == ErrorCode::ResourcePausedByVendor)
}

/// Whether it is being paused, or goes on in a moment.
pub fn is_pause_under_way(node: &NodeState) -> bool {
    matches!(paused_word(node), Some("pausing" | "resuming"))
}

fn paused_word(node: &NodeState) -> Option<&'static str> {
    if node.is_resuming() {
        return Some("resuming");
    }
    let problem = node.paused()?;
    Some(match problem.code {
        ErrorCode::ResourcePausedByVendor => "paused by its vendor",
        _ if problem.message.starts_with(PAUSING) => "pausing",
        _ => "paused",
    })
}

pub fn node_word(node: &NodeState) -> String {
    if let Some(word) = paused_word(node) {
        return word.to_owned();
    }
    let word = match node.phase {
        Phase::Stopped => "stopped",
        Phase::Waiting if node.waits_for.is_empty() => "waiting",
        Phase::Waiting => return short_to(&format!("waits for {}", node.waits_for.join(", ")), LONGEST_NAME),
        Phase::Starting => "starting",
        Phase::Running => match node.health {
            Health::Unknown => "running",
            Health::Starting => "starting",
            Health::Healthy => "healthy",
            Health::Degraded => "degraded",
            Health::Unhealthy => "unhealthy",
        },
        Phase::Stopping if node.wanted == Wanted::Running => "restarting",
        Phase::Stopping => "stopping",
        Phase::Exited if node.is_done() => "done",
        Phase::Exited => return exited(node),
        Phase::Failed => "failed",
        Phase::CrashLooping => "keeps crashing",
    };
    word.to_owned()
}

fn exited(node: &NodeState) -> String {
    let how = node.last_exit.map_or_else(|| "exited".to_owned(), |exit| exit.describe());
    if node.retry_at.is_some() { format!("{how}, restarts soon") } else { how }
}

/// Whether Start would do something.
fn can_start(node: &NodeState) -> bool {
    matches!(node.phase, Phase::Stopped | Phase::Failed | Phase::CrashLooping)
        || (node.phase == Phase::Exited && !node.is_done())
}

/// Whether a start of the whole project would bring up something that belongs to it. What the start leaves out counts
/// only where something else needs it, and what is done is done.
pub fn is_start_needed(project: &ProjectState) -> bool {
    let mut meant: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&NodeState> = project.nodes.iter().filter(|node| !node.optional).collect();
    while let Some(node) = open.pop() {
        if meant.insert(&node.name) {
            open.extend(project.nodes.iter().filter(|other| node.depends_on.contains(&other.name)));
        }
    }
    // What is paused goes on by a start of the project.
    let is_down =
        |node: &NodeState| can_start(node) || (node.paused().is_some() && !is_pause_under_way(node));
    project.nodes.iter().any(|node| meant.contains(&*node.name) && is_down(node))
}

/// Whether Stop would do something.
pub fn can_stop(node: &NodeState) -> bool {
    node.wanted == Wanted::Running || matches!(node.phase, Phase::Waiting | Phase::Starting | Phase::Running)
}

/// Whether there is something to restart; what never ran is started instead.
pub const fn can_restart(node: &NodeState) -> bool {
    matches!(
        node.phase,
        Phase::Starting | Phase::Running | Phase::Exited | Phase::Failed | Phase::CrashLooping
    )
}

/// As one line of the menu.
pub fn short(text: &str) -> String {
    short_to(text, LONGEST_LINE)
}

pub fn short_name(name: &str) -> String {
    short_to(name, LONGEST_NAME)
}

fn short_to(text: &str, longest: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= longest {
        return text;
    }
    let kept: String = text.chars().take(longest - 1).collect();
    format!("{}…", kept.trim_end())
}

/// With a capital, as a line that can be clicked begins.
pub fn title(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
