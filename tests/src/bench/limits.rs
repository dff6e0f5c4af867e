use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this program, and what it starts from now on, open as many files as the system allows at all.
///
/// # Panics
/// When the system refuses.
pub fn allow_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .unwrap_or_else(|error| panic!("cannot raise the limit of open files: {error}"));
}
