use std::env::var_os;
use std::fs::OpenOptions;
use std::io::Write;

/// Says that a test can't run here, so that `./dev test` can list it at its end. The caller then returns.
///
/// In CI only a `reason` that begins with "not on this platform" or "the vendors' documents are not here" is accepted. A missing or stale program is no
/// reason to skip: [`crate::bin`] panics.
///
/// # Panics
/// When the list can't be written: a skip must not get lost.
#[allow(clippy::print_stderr)] // seen by whoever runs the test alone
pub fn skip(name: &str, reason: &str) {
    eprintln!("skipped {name}: {reason}");
    let Some(list) = var_os("KINFRA_SKIPS") else { return };
    // One write, in append mode: lines of tests that run side by side don't mix.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&list)
        .and_then(|mut file| file.write_all(format!("{name}: {reason}\n").as_bytes()))
        .unwrap_or_else(|error| panic!("cannot write to {}: {error}", list.display()));
}
