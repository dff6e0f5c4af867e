use std::fmt::Display;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a condition is looked at: short against anything that a test waits for, long against its cost.
const PAUSE: Duration = Duration::from_millis(5);

/// Waits until `look` succeeds, and gives what it found. `what` completes the sentence "waited … for".
///
/// # Panics
/// When it doesn't succeed within `timeout`; the message ends with what the last look found instead.
#[track_caller]
pub fn wait_for_ok<T, E: Display>(
    what: &str,
    timeout: Duration,
    mut look: impl FnMut() -> Result<T, E>,
) -> T {
    let end = Instant::now() + timeout;
    loop {
        match look() {
            Ok(found) => return found,
            Err(instead) => assert!(Instant::now() < end, "waited {timeout:?} for {what}, in vain{instead}"),
        }
        sleep(PAUSE);
    }
}

/// Waits until `look` finds something, and gives it. `what` completes the sentence "waited … for".
///
/// # Panics
/// When nothing is found within `timeout`.
#[track_caller]
pub fn wait_for<T>(what: &str, timeout: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    wait_for_ok(what, timeout, || look().ok_or(""))
}

/// Waits until `condition` holds. `what` completes the sentence "waited … for".
///
/// # Panics
/// When it doesn't hold within `timeout`.
#[track_caller]
pub fn wait_until(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    wait_for(what, timeout, || condition().then_some(()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_gives_what_was_found() {
        let mut looks = 0;
        let found = wait_for("the third look", Duration::from_secs(5), || {
            looks += 1;
            (looks == 3).then_some("found")
        });
        assert_eq!((found, looks), ("found", 3));
    }

    #[test]
    #[should_panic(expected = "for a blue moon, in vain")]
    fn waiting_ends_with_a_panic_that_names_the_condition() {
        wait_until("a blue moon", Duration::from_millis(20), || false);
    }
}
