//! What takes time at Neon. A call plans a chain of operations; each begins when the one before it is over, and what it
//! is for comes true when it is finished. One that fails takes those after it along.

use std::time::{Duration, SystemTime};

use super::{Neon, Phase};
use crate::clouds::shared::{Refusal, random};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Scheduling,
    Running,
    Finished,
    Failed,
    Skipped,
}

/// What is so when it is finished. Each has the id of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Nothing,
    BranchReady(String),
    BranchGone(String),
    Active(String),
    Idle(String),
    EndpointGone(String),
}

#[derive(Debug, Clone)]
pub struct Operation {
    pub id: String,
    pub project: String,
    pub branch: Option<String>,
    pub endpoint: Option<String>,
    pub action: &'static str,
    pub status: Status,
    pub created: SystemTime,
    pub begins: SystemTime,
    pub ends: SystemTime,
    pub effect: Effect,
    chain: u64,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Scheduling => "scheduling",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    fn is_over(self) -> bool {
        !matches!(self, Self::Scheduling | Self::Running)
    }
}

impl Neon {
    /// Whether something of the project's is not over yet.
    #[must_use]
    pub fn is_busy(&self, project: &str) -> bool {
        self.operations.iter().any(|operation| operation.project == project && !operation.status.is_over())
    }

    pub(super) fn free(&self, project: &str) -> Result<(), Refusal> {
        let message =
            "project already has running conflicting operations, scheduling of new ones is prohibited";
        if self.is_busy(project) { Err(Refusal::new(423, "", message)) } else { Ok(()) }
    }

    /// Plans them one after the other.
    pub(super) fn plan(
        &mut self,
        project: &str,
        chain: Vec<(&'static str, Effect)>,
        now: SystemTime,
    ) -> Vec<Operation> {
        let number = random::number();
        let mut begins = now;
        let planned: Vec<Operation> = chain
            .into_iter()
            .map(|(action, effect)| {
                let (branch, endpoint) = self.subjects(&effect);
                let ends = begins + self.takes;
                let operation = Operation {
                    id: random::uuid(),
                    project: project.to_owned(),
                    branch,
                    endpoint,
                    action,
                    status: if begins == now { Status::Running } else { Status::Scheduling },
                    created: now,
                    begins,
                    ends,
                    effect,
                    chain: number,
                };
                begins = ends;
                operation
            })
            .collect();
        self.operations.extend(planned.iter().cloned());
        planned
    }

    fn subjects(&self, effect: &Effect) -> (Option<String>, Option<String>) {
        match effect {
            Effect::Nothing => (None, None),
            Effect::BranchReady(id) | Effect::BranchGone(id) => (Some(id.clone()), None),
            Effect::Active(id) | Effect::Idle(id) | Effect::EndpointGone(id) => {
                let endpoint = self.endpoints.iter().find(|endpoint| endpoint.id == *id);
                (endpoint.map(|endpoint| endpoint.branch.clone()), Some(id.clone()))
            }
        }
    }

    /// Somebody else's operation, which locks the project for so long.
    pub fn occupy(&mut self, project: &str, time: Duration, now: SystemTime) {
        let takes = std::mem::replace(&mut self.takes, time);
        self.plan(project, vec![("check_availability", Effect::Nothing)], now);
        self.takes = takes;
    }

    pub(super) fn run_until(&mut self, now: SystemTime) {
        for place in 0..self.operations.len() {
            let operation = &self.operations[place];
            if operation.status.is_over() {
                continue;
            }
            if now < operation.ends {
                let begun = now >= operation.begins;
                self.operations[place].status = if begun { Status::Running } else { Status::Scheduling };
                continue;
            }
            let (effect, ends, chain) = (operation.effect.clone(), operation.ends, operation.chain);
            if self.fails.as_deref() == Some(operation.action) {
                self.fails = None;
                self.operations[place].status = Status::Failed;
                let endpoint = self.operations[place].endpoint.clone().unwrap_or_default();
                if let Some(endpoint) = self.endpoint_mut(&endpoint) {
                    endpoint.pending = None;
                }
                for other in &mut self.operations[place + 1..] {
                    if other.chain == chain {
                        other.status = Status::Skipped;
                    }
                }
            } else {
                self.operations[place].status = Status::Finished;
                self.come_true(effect, ends);
            }
        }
        self.fall_asleep(now);
    }

    fn come_true(&mut self, effect: Effect, at: SystemTime) {
        match effect {
            Effect::Nothing => {}
            Effect::BranchReady(id) => {
                if let Some(branch) = self.branches.iter_mut().find(|branch| branch.id == id) {
                    (branch.state, branch.changed) = ("ready", at);
                }
            }
            Effect::BranchGone(id) => self.remove_branch(&id),
            Effect::EndpointGone(id) => self.endpoints.retain(|endpoint| endpoint.id != id),
            Effect::Active(id) => self.turn(&id, Phase::Active, at),
            Effect::Idle(id) => self.turn(&id, Phase::Idle, at),
        }
    }

    pub(super) fn turn(&mut self, endpoint: &str, phase: Phase, at: SystemTime) {
        if let Some(endpoint) = self.endpoint_mut(endpoint) {
            (endpoint.phase, endpoint.pending, endpoint.last_active) = (phase, None, at);
        }
    }

    /// What nobody has asked for long enough.
    fn fall_asleep(&mut self, now: SystemTime) {
        for endpoint in &mut self.endpoints {
            let idle = now.duration_since(endpoint.last_active).unwrap_or_default();
            let is_long = endpoint.sleeps_after().is_some_and(|after| idle >= after);
            if endpoint.phase == Phase::Active && endpoint.pending.is_none() && is_long {
                endpoint.phase = Phase::Idle;
            }
        }
    }
}
