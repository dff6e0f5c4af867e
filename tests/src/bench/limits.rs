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

/// The same, and more than the system allows others where this program may say so: at least `wanted`.
///
/// # Panics
/// As [`allow_descriptors`].
pub fn allow_many_descriptors(wanted: u64) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if maximum.is_some_and(|maximum| maximum < wanted) {
        let more = Rlimit { current: Some(wanted), maximum: Some(wanted) };
        // Only the superuser may; others have what there is.
        let _ = setrlimit(Resource::Nofile, more);
    }
    allow_descriptors();
}
