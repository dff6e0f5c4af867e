//! What to do next, until a start or an end is known to have been taken. Pure.
//!
//! A request is sent once for a wish, and again only where nothing can have come of it: nobody was reached, the API
//! says so, its status says so afterwards, or its user declared that twice does no harm.

use std::time::Duration;

use super::answer::{Kind, Trouble, Verdict};
use super::seen::Means;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Longer than this nobody waits for a request's turn: it fails, and is sent when it is wished for again.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A request whose outcome is unknown may take effect as late as this.
pub const SETTLES: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    Up,
    Down,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    Done,
    Send {
        after: Duration,
    },
    /// Until it is where it should be, for so long at most; then `saw`.
    Look(Duration),
    Fail(Trouble),
}

/// What was seen of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighted {
    /// It is so, or will be without another request.
    pub is_reached: bool,
    pub word: String,
}

#[derive(Debug)]
pub struct Wish {
    pub goal: Goal,
    /// Twice does no harm.
    pub again: bool,
    /// Its status can be asked for.
    pub looks: bool,
    pub retries: u32,
    tried: u32,
    /// Why it was looked for.
    trouble: Option<(Trouble, bool)>,
}

impl Wish {
    pub fn new(goal: Goal, again: bool, looks: bool, retries: u32) -> Self {
        Self { goal, again, looks, retries, tried: 0, trouble: None }
    }

    /// `dice` is from 0 to 1.
    pub fn heard(&mut self, verdict: Verdict, dice: f64) -> Next {
        match verdict {
            Verdict::Done(_) => Next::Done,
            Verdict::Refused(trouble) => Next::Fail(trouble),
            Verdict::Gone(trouble) if self.goal == Goal::Up || !self.looks => Next::Fail(trouble),
            Verdict::Conflict(trouble) if !self.looks => Next::Fail(
                trouble.hint("declare `status`, so that KInfra can see whether it is in that state already"),
            ),
            Verdict::Conflict(trouble) | Verdict::Gone(trouble) => {
                self.trouble = Some((trouble, false));
                Next::Look(Duration::ZERO)
            }
            Verdict::NotTaken(Some(after), trouble) if after > PATIENCE => Next::Fail(trouble),
            Verdict::NotTaken(after, trouble) => self.try_again(after.unwrap_or_default(), trouble, dice),
            Verdict::Unsure(trouble) if self.again => self.try_again(Duration::ZERO, trouble, dice),
            Verdict::Unsure(trouble) if self.looks => {
                self.trouble = Some((trouble, true));
                Next::Look(SETTLES)
            }
            Verdict::Unsure(trouble) => {
                let why = format!("{}; nobody knows whether it took effect", trouble.why);
                Next::Fail(Trouble { why, ..trouble }.hint(
                    "declare `status`, so that KInfra can look, or `again: true` where sending it twice does no harm",
                ))
            }
        }
    }

    /// After a look; `Err` when there was no way to tell.
    pub fn saw(&mut self, seen: &Result<Sighted, Trouble>, dice: f64) -> Next {
        let (trouble, may_repeat) =
            self.trouble.take().unwrap_or_else(|| (Trouble::new(Kind::Lasting, "nothing was asked"), false));
        let seen = match seen {
            Ok(seen) => seen,
            Err(look) => {
                let why = format!(
                    "{}; nobody knows whether it took effect, for its status can't be asked either: {}",
                    trouble.why, look.why
                );
                return Next::Fail(Trouble { why, ..trouble });
            }
        };
        if seen.is_reached {
            return Next::Done;
        }
        if may_repeat {
            return self.try_again(Duration::ZERO, trouble, dice);
        }
        let why = format!("{}; its status is {}", trouble.why, seen.word);
        Next::Fail(Trouble { why, ..trouble })
    }

    fn try_again(&mut self, after: Duration, trouble: Trouble, dice: f64) -> Next {
        if self.tried >= self.retries {
            let times = self.tried + 1;
            let why = if times == 1 { trouble.why } else { format!("{} ({times} times)", trouble.why) };
            return Next::Fail(Trouble { why, ..trouble });
        }
        self.tried += 1;
        Next::Send { after: after.max(pause(self.tried, dice)) }
    }
}

/// Before the nth repetition. Half of it is chance, so that many who failed together don't come back together.
pub fn pause(nth: u32, dice: f64) -> Duration {
    let whole = FIRST_PAUSE * 2_u32.saturating_pow(nth.saturating_sub(1).min(16));
    whole.min(LONGEST_PAUSE).mul_f64(0.5 + dice.clamp(0.0, 1.0) / 2.0)
}

/// It is there, or on its way: nothing is to be sent.
pub fn is_reached(goal: Goal, means: Means) -> bool {
    match goal {
        Goal::Up => matches!(means, Means::Running | Means::Asleep | Means::Starting),
        // A state that nobody explained may be the way down.
        Goal::Down => means != Means::Running,
    }
}
