use std::sync::{Arc, Mutex, PoisonError, Weak};

use kinfra_rpc::Problem;

use super::Hub;

/// One problem of KInfra's own that comes and goes: shown once, however often it is met, and gone when it is over.
#[derive(Debug, Clone)]
pub struct Standing {
    hub: Weak<Hub>,
    shown: Arc<Mutex<Option<Problem>>>,
}

impl Standing {
    #[must_use]
    pub fn new(hub: &Arc<Hub>) -> Self {
        Self { hub: Arc::downgrade(hub), shown: Arc::default() }
    }

    /// In the place of what it showed before. None: it is over.
    pub fn set(&self, problem: Option<Problem>) {
        let Some(hub) = self.hub.upgrade() else { return };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown == problem {
            return;
        }
        let before = std::mem::replace(&mut *shown, problem.clone());
        hub.change_engine(|engine| {
            let place = engine.problems.iter().position(|known| Some(known) == before.as_ref());
            match (place, problem) {
                (Some(place), Some(problem)) => engine.problems[place] = problem,
                (Some(place), None) => drop(engine.problems.remove(place)),
                (None, Some(problem)) => engine.problems.push(problem),
                (None, None) => {}
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{EngineState, ErrorCode};

    use super::*;

    #[test]
    fn a_problem_that_stands_is_shown_once_and_goes_alone() {
        let problem = |text: &str| Problem::new(ErrorCode::Io, text);
        let other = problem("another");
        let hub = Hub::new(EngineState { problems: vec![other.clone()], ..EngineState::default() });
        let shown = || hub.read(|state| state.engine.problems.clone());
        let standing = Standing::new(&hub);
        for _ in 0..2 {
            standing.set(Some(problem("full")));
            assert_eq!(shown(), [other.clone(), problem("full")]);
        }
        standing.set(Some(problem("fuller")));
        assert_eq!(shown(), [other.clone(), problem("fuller")]);
        standing.set(None);
        assert_eq!(shown(), [other]);
    }
}
