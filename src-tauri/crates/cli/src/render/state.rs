use kinfra_rpc::{Health, NodeState, Phase, StackStatus};

use super::palette::Colour;
use super::table::shorten;
use super::time::span;

/// A state's shape and colour. The four shapes can be told apart without colour, and words stand beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub shape: &'static str,
    pub colour: Colour,
}

const GOOD: Mark = Mark { shape: "●", colour: Colour::Green };
const MOVING: Mark = Mark { shape: "◐", colour: Colour::Yellow };
const POOR: Mark = Mark { shape: "◐", colour: Colour::Orange };
const IDLE: Mark = Mark { shape: "○", colour: Colour::Grey };
const BAD: Mark = Mark { shape: "✕", colour: Colour::Red };

pub fn mark(node: &NodeState) -> Mark {
    if node.paused().is_some() {
        return if node.is_paused_here() { IDLE } else { POOR };
    }
    match (node.phase, node.health) {
        (Phase::Failed | Phase::CrashLooping, _) => BAD,
        // Exited, but about to be started again.
        (Phase::Exited, _) if node.retry_at.is_some() => POOR,
        (Phase::Stopped | Phase::Exited, _) => IDLE,
        (Phase::Waiting | Phase::Starting | Phase::Stopping, _) => MOVING,
        (Phase::Running, Health::Healthy) => GOOD,
        (Phase::Running, Health::Degraded | Health::Unhealthy) => POOR,
        (Phase::Running, Health::Unknown | Health::Starting) => MOVING,
    }
}

pub const fn stack_mark(status: StackStatus) -> Mark {
    match status {
        StackStatus::Running => GOOD,
        StackStatus::Starting | StackStatus::Stopping => MOVING,
        StackStatus::Degraded => POOR,
        StackStatus::Failed => BAD,
        StackStatus::Stopped => IDLE,
    }
}

/// The engine's line of truth, and when what comes next will come: `stopping, kill in 9 s`. `now` is in milliseconds
/// since 1970. Of a line that is longer than `width`, what comes next is what stays.
pub fn words(node: &NodeState, now: u64, width: usize) -> String {
    let until = |at: u64| span(at.saturating_sub(now));
    let mut next = String::new();
    if let Some(at) = node.retry_at {
        next.push_str(&format!(", next try in {}", until(at)));
    }
    if let Some(at) = node.kill_at {
        // Without a process of its own: what it started lives on for a moment.
        let what = if node.pid.is_some() { "kill" } else { "kill of what is left" };
        next.push_str(&format!(", {what} in {}", until(at)));
    }
    let room = width.saturating_sub(next.chars().count());
    shorten(&format!("{}{next}", shorten(truth(node), room)), width)
}

/// Whether its words change by themselves as time passes.
pub const fn counts_down(node: &NodeState) -> bool {
    node.retry_at.is_some() || node.kill_at.is_some()
}

/// Where the engine has no line, phase and health as one word.
fn truth(node: &NodeState) -> &str {
    if !node.detail.is_empty() {
        return &node.detail;
    }
    match (node.phase, node.health) {
        (Phase::Running, Health::Healthy) => "healthy",
        (Phase::Running, Health::Degraded) => "degraded",
        (Phase::Running, Health::Unhealthy) => "unhealthy",
        (Phase::Running, Health::Unknown | Health::Starting) => "running",
        (Phase::Stopped, _) => "stopped",
        (Phase::Waiting, _) => "waiting",
        (Phase::Starting, _) => "starting",
        (Phase::Stopping, _) => "stopping",
        (Phase::Exited, _) => "exited",
        (Phase::Failed, _) => "failed",
        (Phase::CrashLooping, _) => "crash loop",
    }
}
