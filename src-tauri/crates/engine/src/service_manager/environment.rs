//! What services get of the environment that KInfra itself was started in.

use std::collections::BTreeMap;
use std::path::Path;

/// Variables of the app itself, of its AppImage and of tunnels, which no service should see.
const OWN: &[&str] = &[
    "APPDIR",
    "APPIMAGE",
    "ARGV0",
    "CHROME_DESKTOP",
    "DESKTOP_STARTUP_ID",
    "GDK_BACKEND",
    "GDK_PIXBUF_MODULE_FILE",
    "GTK_DATA_PREFIX",
    "GTK_EXE_PREFIX",
    "GTK_IM_MODULE_FILE",
    "GTK_MODULES",
    "GTK_PATH",
    "OWD",
    "XDG_ACTIVATION_TOKEN",
];
const OWN_PREFIXES: &[&str] = &["KINFRA_", "TUNNEL_", "WEBKIT_", "CARGO_", "TAURI_", "GIO_", "GST_"];

/// Lists in which the start script of an AppImage puts folders of its own before the user's.
const LISTS: &[&str] = &[
    "GSETTINGS_SCHEMA_DIR",
    "LD_LIBRARY_PATH",
    "PATH",
    "PERLLIB",
    "PYTHONPATH",
    "QT_PLUGIN_PATH",
    "XDG_CONFIG_DIRS",
    "XDG_DATA_DIRS",
];

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
    if let Some(image) = environment.get("APPDIR").filter(|image| !image.is_empty()) {
        leave_out_of_lists(&mut inherited, Path::new(image));
    }
    if let Some(programs) = programs.and_then(Path::to_str) {
        let path = inherited.entry("PATH".to_owned()).or_default();
        *path = if path.is_empty() { programs.to_owned() } else { format!("{path}:{programs}") };
    }
    inherited
}

/// What is inside the image is for the app alone, and gone once that has ended.
fn leave_out_of_lists(environment: &mut BTreeMap<String, String>, image: &Path) {
    for name in LISTS {
        let Some(list) = environment.get_mut(*name) else { continue };
        let others: Vec<&str> =
            list.split(':').filter(|entry| !Path::new(entry).starts_with(image)).collect();
        let left = others.join(":");
        if left.is_empty() {
            environment.remove(*name);
        } else {
            *list = left;
        }
    }
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
    fn of_an_app_image_nothing_is_left_in_the_users_lists() {
        let environment = [
            ("APPDIR", "/tmp/.mount_x"),
            ("PATH", "/tmp/.mount_x/usr/bin:/usr/bin:/tmp/.mount_x"),
            ("LD_LIBRARY_PATH", "/tmp/.mount_x/usr/lib"),
            ("XDG_DATA_DIRS", "/tmp/.mount_x/usr/share:/usr/share"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let inherited = inherited(&environment, None);
        let shown: Vec<_> = inherited.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["PATH=/usr/bin", "XDG_DATA_DIRS=/usr/share"]);
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
