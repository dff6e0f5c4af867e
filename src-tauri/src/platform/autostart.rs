//! The entry by which a Linux desktop starts the app at login.
//!
//! Theory of operation: the entry is a file of the XDG autostart specification, in the user's own configuration. It
//! names the configuration whose wish it is (`X-KInfra`), and only one that names this configuration is ever changed
//! or deleted: not one that the user wrote, nor that of another home.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Failure, Problem};

use crate::surroundings::Surroundings;

const MARK: &str = "X-KInfra=";

/// What desktops write into an entry that the user has switched off there.
const SWITCHED_OFF: [&str; 2] = ["Hidden=true", "X-GNOME-Autostart-enabled=false"];

/// Who wants the entry to be or not to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The app has started, and the settings have said so for some time.
    Start,
    /// The user has just changed it.
    Switched,
}

/// Makes the entry say what the settings do.
///
/// # Errors
/// When it can't be written, or there is an entry of this name that isn't this home's.
pub fn keep_autostart(on: bool, occasion: Occasion, surroundings: &Surroundings) -> Result<(), Failure> {
    let file = folder(surroundings)?.join("kinfra.desktop");
    let present = match fs::read_to_string(&file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed("read", &file, &error)),
    };
    let home = own_text(&surroundings.home.config)?;
    let mark = format!("{MARK}{}", value(home));
    let has = |line: &str| present.iter().flat_map(|text| text.lines()).any(|other| other.trim() == line);
    match (&present, on) {
        (Some(_), _) if !has(&mark) => {
            if on {
                return Err(not_ours(&file));
            }
        }
        (Some(_), false) => fs::remove_file(&file).map_err(|error| failed("delete", &file, &error))?,
        (None, false) => {}
        (Some(_), true) if occasion == Occasion::Start && SWITCHED_OFF.iter().any(|line| has(line)) => {
            tracing::info!(file = %file.display(), "the desktop's settings have switched the start at login off");
        }
        (_, true) => {
            let entry = entry(&program(surroundings)?, surroundings.variable("KINFRA_HOME"), &mark)?;
            if present.as_ref() != Some(&entry) {
                write(&file, &entry).map_err(|error| failed("write", &file, &error))?;
            }
        }
    }
    Ok(())
}

fn folder(surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    // The XDG specification: a relative path is to be ignored.
    let named = surroundings.variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || surroundings.variable("HOME").map(|home| Path::new(home).join(".config"));
    let folder = named.or_else(home).ok_or_else(|| {
        Failure::new(
            ErrorCode::Io,
            "cannot tell where entries for the start at login belong: HOME is not set",
        )
    })?;
    Ok(folder.join("autostart"))
}

/// The app as it can be started again: an AppImage's own program is gone with its process.
fn program(surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    if let Some(image) = surroundings.variable("APPIMAGE") {
        return Ok(PathBuf::from(image));
    }
    std::env::current_exe().map_err(|error| {
        Failure::new(ErrorCode::Io, format!("cannot tell where the program kinfra-desktop is: {error}"))
    })
}

/// Without arguments the app starts in the tray alone.
fn entry(program: &Path, home: Option<&str>, mark: &str) -> Result<String, Failure> {
    let program = own_text(program)?;
    // A home of its own is not known at login.
    let home = home.map(std::path::absolute).transpose();
    let home = home.map_err(|error| {
        Failure::new(ErrorCode::Io, format!("cannot tell which folder KINFRA_HOME means: {error}"))
    })?;
    let exec = match home {
        Some(home) => {
            let variable = format!("KINFRA_HOME={}", own_text(&home)?);
            format!("/usr/bin/env {} {}", argument(&variable), argument(program))
        }
        None => argument(program),
    };
    Ok(format!(
        "[Desktop Entry]\nType=Application\nName=KInfra\nComment=Starts again what ran when KInfra ended\nExec={exec}\nTryExec={}\nTerminal=false\n{mark}\n",
        value(program)
    ))
}

/// One argument of an Exec line: quoted, without field codes, and then a value as any other.
fn argument(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '`' | '$' | '\\' => quoted.extend(['\\', character]),
            '%' => quoted.push_str("%%"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    value(&quoted)
}

fn value(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}

/// Entries are text.
fn own_text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| {
        let message = format!("the path {} is not UTF-8, so no entry can name it", path.display());
        Failure::new(ErrorCode::InvalidRequest, message)
    })
}

/// Whoever reads it sees no half of it.
fn write(file: &Path, entry: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let name = file.file_name().unwrap_or(OsStr::new("kinfra.desktop")).to_string_lossy();
    let new = folder.join(format!(".{name}.{}", std::process::id()));
    let written = fs::write(&new, entry).and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

fn not_ours(file: &Path) -> Failure {
    let message = format!("there is an entry {} that is not this KInfra's", file.display());
    Problem::new(ErrorCode::InvalidRequest, message)
        .hint("rename or delete it, and switch this on again")
        .into()
}

fn failed(doing: &str, file: &Path, error: &io::Error) -> Failure {
    Problem::new(ErrorCode::Io, format!("cannot {doing} {}: {error}", file.display()))
        .hint("the file and its folder must be yours")
        .into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    use gtk::gio::prelude::*;
    use gtk::gio::{AppLaunchContext, DesktopAppInfo};
    use kinfra_engine::home::Home;
    use tempfile::TempDir;

    use super::*;

    fn surroundings(folder: &TempDir, more: &[(&str, &str)]) -> Surroundings {
        let folder = folder.path();
        let own = [("XDG_CONFIG_HOME", folder.to_str().unwrap())];
        let environment =
            own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: BTreeMap<String, String> = environment.collect();
        Surroundings { home: Home::from_environment(&environment, 0), environment }
    }

    fn file(folder: &TempDir) -> PathBuf {
        folder.path().join("autostart/kinfra.desktop")
    }

    #[test]
    fn the_entry_comes_and_goes_with_the_setting() {
        let folder = tempfile::tempdir().unwrap();
        let own = surroundings(&folder, &[]);
        keep_autostart(false, Occasion::Start, &own).unwrap();
        assert!(!folder.path().join("autostart").exists());
        keep_autostart(true, Occasion::Switched, &own).unwrap();
        let text = fs::read_to_string(file(&folder)).unwrap();
        let program = std::env::current_exe().unwrap();
        assert!(text.contains(&format!("\nExec=\"{0}\"\nTryExec={0}\n", program.display())), "{text}");
        assert!(DesktopAppInfo::from_filename(file(&folder)).is_some_and(|entry| entry.name() == "KInfra"));
        keep_autostart(false, Occasion::Switched, &own).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("autostart")).unwrap().count(), 0);
    }

    #[test]
    fn only_its_own_entry_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let own = surroundings(&folder, &[]);
        let other = surroundings(&folder, &[("KINFRA_HOME", "/another/home")]);
        keep_autostart(true, Occasion::Switched, &own).unwrap();
        let ours = fs::read_to_string(file(&folder)).unwrap();
        keep_autostart(false, Occasion::Switched, &other).unwrap();
        let refused = keep_autostart(true, Occasion::Switched, &other).unwrap_err();
        assert!(refused.to_string().contains("that is not this KInfra's"), "{refused}");
        assert_eq!(fs::read_to_string(file(&folder)).unwrap(), ours);

        let theirs = "[Desktop Entry]\nType=Application\nName=KInfra\nExec=mine\n";
        fs::write(file(&folder), theirs).unwrap();
        assert!(keep_autostart(true, Occasion::Start, &own).is_err());
        keep_autostart(false, Occasion::Start, &own).unwrap();
        assert_eq!(fs::read_to_string(file(&folder)).unwrap(), theirs);
    }

    #[test]
    fn an_entry_that_was_switched_off_elsewhere_stays_so_until_it_is_switched_on_here() {
        let folder = tempfile::tempdir().unwrap();
        let own = surroundings(&folder, &[]);
        keep_autostart(true, Occasion::Switched, &own).unwrap();
        let entry = fs::read_to_string(file(&folder)).unwrap();
        for line in SWITCHED_OFF {
            let off = format!("{entry}{line}\n");
            fs::write(file(&folder), &off).unwrap();
            keep_autostart(true, Occasion::Start, &own).unwrap();
            assert_eq!(fs::read_to_string(file(&folder)).unwrap(), off);
            keep_autostart(true, Occasion::Switched, &own).unwrap();
            assert_eq!(fs::read_to_string(file(&folder)).unwrap(), entry);
        }
        fs::write(file(&folder), entry.replace("Exec=", "Exec=old")).unwrap();
        keep_autostart(true, Occasion::Start, &own).unwrap();
        assert_eq!(fs::read_to_string(file(&folder)).unwrap(), entry, "the program has moved");
    }

    #[test]
    fn the_entry_starts_the_image_in_its_home_whatever_their_paths_are() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("a \"$HOME\" `b` 100%f \\n 'é");
        fs::create_dir(&odd).unwrap();
        let (image, said) = (odd.join("KInfra.AppImage"), odd.join("said"));
        fs::write(&image, "#!/bin/sh\nprintf '%s|%s' \"$#\" \"$KINFRA_HOME\" > \"${0%/*}/saying\"\nmv \"${0%/*}/saying\" \"${0%/*}/said\"\n").unwrap();
        fs::set_permissions(&image, fs::Permissions::from_mode(0o700)).unwrap();
        let home = odd.to_str().unwrap();
        let own = surroundings(&folder, &[("KINFRA_HOME", home), ("APPIMAGE", image.to_str().unwrap())]);
        keep_autostart(true, Occasion::Switched, &own).unwrap();
        let entry = DesktopAppInfo::from_filename(file(&folder)).unwrap();
        entry.launch(&[], None::<&AppLaunchContext>).unwrap();
        let since = std::time::Instant::now();
        while !said.exists() {
            assert!(since.elapsed().as_secs() < 20, "it was not started: {:?}", entry.commandline());
            std::thread::yield_now();
        }
        assert_eq!(fs::read_to_string(said).unwrap(), format!("0|{home}"));
    }
}
