use std::time::Duration;

use tokio::time::Instant;

use super::Verdict;

/// What is unhealthy though nothing that it needs is missing is waited for so long: it is looked at again each second.
const PATIENCE: Duration = Duration::from_secs(3);

/// Makes of a doubt that lasts a goal that is missed.
#[derive(Debug, Default)]
pub struct Patience {
    /// When it ends; none while there is no doubt.
    pub ends_at: Option<Instant>,
}

impl Patience {
    pub fn weigh(&mut self, now: Instant, verdict: Verdict) -> Verdict {
        let Verdict::Doubtful(problems) = verdict else {
            self.ends_at = None;
            return verdict;
        };
        if now < *self.ends_at.get_or_insert(now + PATIENCE) {
            Verdict::Doubtful(problems)
        } else {
            Verdict::Missed(problems)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_that_lasts_is_certain_and_one_that_returns_begins_anew() {
        let (mut patience, begin) = (Patience::default(), Instant::now());
        let (nearly, end) = (begin + PATIENCE - Duration::from_millis(1), begin + PATIENCE);
        let doubt = || Verdict::Doubtful(vec![]);
        assert_eq!(patience.weigh(begin, doubt()), doubt());
        assert_eq!(patience.weigh(nearly, doubt()), doubt());
        assert_eq!(patience.ends_at, Some(end));
        assert_eq!(patience.weigh(nearly, Verdict::Pending), Verdict::Pending);
        assert_eq!(patience.weigh(nearly, doubt()), doubt());
        assert_eq!(patience.weigh(end, doubt()), doubt());
        assert_eq!(patience.weigh(nearly + PATIENCE, doubt()), Verdict::Missed(vec![]));
    }
}
