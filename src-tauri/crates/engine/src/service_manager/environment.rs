//! The environment of a service: system < `env_file` < `env` < what KInfra gives.

use std::collections::BTreeMap;
use std::path::Path;

/// Variables of the app itself, of its AppImage and of tunnels, which no service should see.
const OWN: &[&str] = &[
    "APPDIR",
    "APPIMAGE",
    "ARGV0",
    "CHROME_DESKTOP",
    "DESKTOP_STARTUP_ID",
    "GIO_LAUNCHED_DESKTOP_FILE",
    "GIO_LAUNCHED_DESKTOP_FILE_PID",
    "GIO_MODULE_DIR",
    "GDK_BACKEND",
    "GTK_MODULES",
    "GTK_PATH",
    "OWD",
    "XDG_ACTIVATION_TOKEN",
];
const OWN_PREFIXES: &[&str] = &["KINFRA_", "TUNNEL_", "WEBKIT_", "CARGO_", "TAURI_"];

/// What a service inherits of the environment that KInfra was started in. KInfra's own programs are found last in its
/// `PATH`, so that they hide nothing of the user's.
#[must_use]
pub fn inherited(
    environment: &BTreeMap<String, String>,
    programs: Option<&Path>,
) -> BTreeMap<String, String> {
    let own = |name: &str| OWN.contains(&name) || OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let others = environment.iter().filter(|(name, _)| !own(name));
    let mut inherited: BTreeMap<String, String> =
        others.map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(programs) = programs.and_then(Path::to_str) {
        let path = inherited.entry("PATH".to_owned()).or_default();
        *path = if path.is_empty() { programs.to_owned() } else { format!("{path}:{programs}") };
    }
    inherited
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_app_is_inherited() {
        let environment =
            ["PATH", "HOME", "KINFRA_HOME", "TUNNEL_TOKEN", "APPIMAGE", "GTK_MODULES", "TUNNELS"];
        let environment = environment.map(|name| (name.to_owned(), String::new())).into();
        let names: Vec<String> = inherited(&environment, None).into_keys().collect();
        assert_eq!(names, ["HOME", "PATH", "TUNNELS"]);
    }

    #[test]
    fn programs_of_kinfra_hide_nothing_of_the_users() {
        let path = |path: &str| {
            let environment = [("PATH".to_owned(), path.to_owned())].into();
            inherited(&environment, Some(Path::new("/opt/kinfra"))).remove("PATH").unwrap()
        };
        assert_eq!(path("/usr/bin"), "/usr/bin:/opt/kinfra");
        assert_eq!(path(""), "/opt/kinfra");
    }
}
