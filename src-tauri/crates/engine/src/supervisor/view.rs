use kinfra_rpc::{Exit, Health, Phase, Problem};

use crate::clock::Moment;

/// What can be seen of a supervised thing.
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
