//! What can be seen of a supervised thing.

use kinfra_rpc::{ErrorCode, Exit, Health, Phase, Problem};

use super::machine::{Ending, Machine, State, in_a_row};
use crate::clock::Moment;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    pub phase: Phase,
    pub health: Health,
    pub detail: String,
    pub pid: Option<u32>,
    pub started_at: Option<Moment>,
    pub restarts: u32,
    pub last_exit: Option<Exit>,
    pub retry_at: Option<Moment>,
    pub kill_at: Option<Moment>,
    pub problem: Option<Problem>,
}

impl Machine {
    #[must_use]
    pub fn view(&self) -> View {
        let mut view = View { restarts: self.counts.restarts, last_exit: self.last_exit, ..View::default() };
        match &self.state {
            State::Idle(Ending::Stopped) => view.detail = "stopped".to_owned(),
            State::Idle(Ending::Exited) => {
                view.phase = Phase::Exited;
                view.detail = self.last_end();
            }
            State::Idle(Ending::Failed(problem)) => {
                view.phase = Phase::Failed;
                view.detail.clone_from(&problem.message);
                view.problem = Some(problem.clone());
            }
            State::Idle(Ending::CrashLooping) => {
                view.phase = Phase::CrashLooping;
                view.detail = format!("{}{}", self.last_end(), in_a_row(self.counts.failures));
                view.problem = Some(
                    Problem::new(ErrorCode::CrashLooping, view.detail.clone())
                        .hint("its last lines may say why; it is tried again when it is started"),
                );
            }
            // It is ended as soon as it is there.
            State::Spawning { .. } if !self.wanted => {
                view.phase = Phase::Stopping;
                view.detail = "stopping".to_owned();
            }
            State::Spawning { .. } => {
                view.phase = Phase::Starting;
                view.health = Health::Starting;
                view.detail = "starting".to_owned();
            }
            State::Alive(alive) => alive.show(&mut view),
            State::Stopping(stopping) => {
                view.phase = Phase::Stopping;
                view.pid = Some(stopping.pid);
                view.kill_at = (!stopping.was_killed()).then_some(stopping.kill_at);
                view.detail = match &stopping.because {
                    Some(reason) if self.wanted => reason.clone(),
                    None if self.wanted => "restarting".to_owned(),
                    _ => "stopping".to_owned(),
                };
            }
            State::Sweeping(sweeping) => {
                view.phase = Phase::Stopping;
                view.kill_at = Some(sweeping.kill_at);
                view.detail = match &sweeping.unseen {
                    Some(problem) => problem.message.clone(),
                    None if self.wanted => self.last_end(),
                    None => "stopping".to_owned(),
                };
                view.problem.clone_from(&sweeping.unseen);
            }
            State::Backoff { until } => {
                view.phase = Phase::Exited;
                view.retry_at = Some(*until);
                view.detail = self.last_end();
            }
        }
        view
    }

    fn last_end(&self) -> String {
        match (&self.last_reason, &self.last_exit) {
            (Some(reason), _) => reason.clone(),
            (None, Some(exit)) => exit.describe(),
            (None, None) => "ended".to_owned(),
        }
    }
}
