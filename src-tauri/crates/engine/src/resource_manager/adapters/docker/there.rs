use std::collections::BTreeMap;
use std::path::Path;

use super::discovery::{Choice, candidates};

/// Whether an engine may be on this machine, or is named by its user: a look at names alone, nobody is asked.
#[must_use]
pub fn may_be_there(environment: &BTreeMap<String, String>) -> bool {
    may_be(environment, &|path| path.exists(), &|path| std::fs::read_to_string(path).ok())
}

fn may_be(
    environment: &BTreeMap<String, String>,
    exists: &dyn Fn(&Path) -> bool,
    read: &dyn Fn(&Path) -> Option<String>,
) -> bool {
    match candidates(environment, exists, read) {
        // One that can't be asked is named all the same.
        Ok(Choice::Told(..)) | Err(_) => true,
        Ok(Choice::Places { there, .. }) => !there.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_may_be_where_its_socket_is_or_where_its_user_says() {
        let environment = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let at = |there: &'static str| move |path: &Path| path == Path::new(there);
        let none = |_: &Path| None;
        let home = environment(&[("HOME", "/home/me"), ("XDG_RUNTIME_DIR", "/run/user/1000")]);
        assert!(!may_be(&home, &at("/nowhere"), &none));
        assert!(!may_be(&environment(&[]), &at("/nowhere"), &none));
        for socket in [
            "/var/run/docker.sock",
            "/home/me/.orbstack/run/docker.sock",
            "/run/user/1000/podman/podman.sock",
        ] {
            assert!(may_be(&home, &at(socket), &none), "{socket}");
        }
        for host in ["unix:///gone.sock", "ssh://me@there"] {
            assert!(may_be(&environment(&[("DOCKER_HOST", host)]), &at("/nowhere"), &none), "{host}");
        }
    }
}
