//! How many descriptors a process may have open: a soft limit, which it may raise up to the hard one by itself.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::OnceLock;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lower numbers are for what is handed to children: a process can only be made with descriptors below the limit that it
/// is to have. Nobody has a limit so low.
const FIRST_LASTING: i32 = 256;

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

/// Gives what stays open for long a number that is in nobody's way. Where the system has none, it stays as it is.
pub fn set_apart<D: AsFd + From<OwnedFd>>(descriptor: D) -> D {
    fcntl_dupfd_cloexec(&descriptor, FIRST_LASTING).map_or(descriptor, D::from)
}

/// Runs `spawn` with this soft limit, which a child then inherits, and restores that of now. No other thread may open
/// anything meanwhile. Descriptors that are open already stay so.
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
