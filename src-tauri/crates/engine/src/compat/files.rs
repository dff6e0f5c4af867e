//! Which files of the old library there are, and what projects' folders say of how they are started. Reads; writes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use kinfra_rpc::SetAside;

use super::found::Reading;
use super::launcher::{Launcher, launcher_in};
use super::read::{Kind, kind_of, read};
use crate::config::is_former;

/// No file of the library's comes near this.
const LARGEST: u64 = 16 << 20;

/// In a project's folder.
const OF_PROJECT: [&str; 5] =
    ["kinfra.yml", "config/kinfra.yml", "kinfra_config.yaml", "kinfra_config.yml", ".tunnel_config.json"];

/// One file, and what is in it.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    pub kind: Kind,
    /// The project's, for files that lie in one.
    pub folder: Option<PathBuf>,
    pub bytes: Vec<u8>,
    pub reading: Reading,
}

#[derive(Debug, Clone, Default)]
pub struct Gathered {
    pub sources: Vec<Source>,
    /// The folders that were looked into, in the order in which they were named.
    pub folders: Vec<PathBuf>,
    /// What starts the projects of these folders.
    pub launchers: Vec<(PathBuf, Launcher)>,
    pub set_aside: Vec<SetAside>,
}

impl Gathered {
    /// What lies in the user's own folder.
    #[must_use]
    pub fn of_home(home: &Path) -> Self {
        let mut gathered = Self::default();
        gathered.take(home.join(".kinfra/port_registry.json"), None);
        for path in entries(&home.join(".kinfra_smart_infra")) {
            gathered.take(path, None);
        }
        for folder in entries(home) {
            if folder.to_string_lossy().ends_with("_test_cache") {
                gathered.take(folder.join("local_server_config.json"), None);
            }
        }
        for path in entries(&home.join(".cloudflared")) {
            gathered.take(path, None);
        }
        gathered
    }

    /// And what lies in a project's.
    pub fn look_into(&mut self, folder: &Path) {
        self.folders.push(folder.to_owned());
        for name in OF_PROJECT {
            self.take(folder.join(name), Some(folder));
        }
        self.launchers.extend(launcher_in(folder).map(|launcher| (folder.to_owned(), launcher)));
    }

    fn take(&mut self, path: PathBuf, folder: Option<&Path>) {
        let Some(kind) = kind_of(&path).filter(|_| path.is_file()) else { return };
        let text = bytes_of(&path).and_then(|bytes| match String::from_utf8(bytes.clone()) {
            Ok(text) => Ok((bytes, text)),
            Err(_) => Err("it is no text in UTF-8".to_owned()),
        });
        let (bytes, text) = match text {
            Ok(read) => read,
            Err(why) => return self.set_aside.push(SetAside { file: path, why }),
        };
        // A configuration of this KInfra has that name, too.
        if path.ends_with("kinfra.yml") && !is_former(&text) {
            return;
        }
        let reading = read(kind, &path, &text);
        let faults = reading.faults.iter().map(|why| SetAside { file: path.clone(), why: why.clone() });
        self.set_aside.extend(faults);
        let folder = folder.map(Path::to_owned);
        self.sources.push(Source { path, kind, folder, bytes, reading });
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("it can't be read: {error}");
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > LARGEST {
        return Err(format!("it has {length} bytes, and no file of the library's has"));
    }
    fs::read(path).map_err(unreadable)
}

/// In the order of their names, so that the same files give the same plan.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_none_of_the_librarys_are_passed_over_and_unreadable_ones_are_told() {
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        write(".kinfra/port_registry.json", b"{\"version\": \"1.0\", \"services\": {\xff");
        write(".kinfra/port_registry.tmp", b"{");
        write(".kinfra_smart_infra/zen_config.json", b"{\"assigned_port\": 8123}");
        write(".kinfra_smart_infra/notes.txt", b"mine");
        write(".cloudflared/config.yml", b"tunnel: mine");
        write(".cloudflared/cert.pem", b"secret");
        write("shop/kinfra.yml", b"services: {web: {run: serve}}");
        write("zen/config/kinfra.yml", b"networking: {port_range: {min: 9, max: 3}}");
        let mut gathered = Gathered::of_home(home.path());
        gathered.look_into(&home.path().join("shop"));
        gathered.look_into(&home.path().join("zen"));
        gathered.look_into(&home.path().join("nowhere"));
        let shown = |path: &Path| path.strip_prefix(home.path()).unwrap().display().to_string();
        let read: Vec<String> = gathered.sources.iter().map(|source| shown(&source.path)).collect();
        assert_eq!(read, [".kinfra_smart_infra/zen_config.json", "zen/config/kinfra.yml"]);
        let told = gathered.set_aside.iter().map(|aside| format!("{}: {}", shown(&aside.file), aside.why));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                ".kinfra/port_registry.json: it is no text in UTF-8",
                "zen/config/kinfra.yml: networking.port_range: 9 to 3 is no range of ports",
            ]
        );
    }
}
