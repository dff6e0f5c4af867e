//! How many descriptors a process may have open: a soft limit, which it may raise up to the hard one by itself.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

static ORIGINAL: OnceLock<Option<u64>> = OnceLock::new();

/// Raises this process's limit to the hard one, once; gives the limit that it was started with, none for no limit.
/// What is spawned must get that one back: programs that use select(2) break beyond 1024, and some look at every
/// descriptor that there could be.
pub fn raise_descriptor_limit() -> Option<u64> {
    *ORIGINAL.get_or_init(|| {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        // With the old limit it works as well, only not for as many.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
        current
    })
}

/// Runs `spawn` with this soft limit, which a child then inherits, and restores that of now. For a process with one
/// thread: others would have the lower limit meanwhile. Descriptors that are open already stay so.
pub fn with_descriptor_limit<T>(limit: Option<u64>, spawn: impl FnOnce() -> T) -> T {
    let Some(limit) = limit else { return spawn() };
    let now = getrlimit(Resource::Nofile);
    let lowered = setrlimit(Resource::Nofile, Rlimit { current: Some(limit), ..now }).is_ok();
    let spawned = spawn();
    if lowered {
        // Its own earlier value can't be refused.
        let _ = setrlimit(Resource::Nofile, now);
    }
    spawned
}
