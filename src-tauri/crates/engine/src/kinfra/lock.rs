//! One engine per home: a lock held for life, and folders that are the user's own.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Failure, Problem};
use rustix::fs::{FlockOperation, flock};
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout};

use crate::home::Home;

/// Given back by the system however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Commands that have a short look at what is stored may be many; an engine that begins waits for the one that has the
/// lock, and is the next.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Lock {
    /// As [`Lock::take`], but waits for whoever holds it and is no engine that answers.
    ///
    /// # Errors
    /// As [`Lock::take`].
    pub async fn wait_for(home: &Home) -> Result<Self, Failure> {
        let refused = match Self::take(home) {
            Err(failure) if failure.code() == ErrorCode::AlreadyRunning => failure,
            other => return other,
        };
        let path = home.lock();
        // The kernel keeps the order of those who wait. Should nobody care any more when it comes, it is given back.
        let mut waiting = tokio::task::spawn_blocking(move || {
            let file = open(&path)?;
            flock(&file, FlockOperation::LockExclusive).map_err(|error| unusable(&path, &error.into()))?;
            Ok(Self { _file: file })
        });
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(taken) = timeout(LOOK_AGAIN, &mut waiting).await {
                return taken.unwrap_or(Err(refused));
            }
            if UnixStream::connect(home.control_socket()).await.is_ok() {
                break;
            }
        }
        Err(refused)
    }

    /// Makes the home's folders, and takes its lock.
    ///
    /// # Errors
    /// [`ErrorCode::AlreadyRunning`] when another engine holds it, [`ErrorCode::Io`] when a folder can't be made
    /// or belongs to somebody else.
    pub fn take(home: &Home) -> Result<Self, Failure> {
        for folder in [&home.config, &home.state, &home.runtime] {
            own_folder(folder).map_err(|error| unusable(folder, &error))?;
        }
        no_link(&home.runtime).map_err(|error| unusable(&home.runtime, &error))?;
        let socket_folder = home.control_socket();
        if socket_folder.starts_with(home.short_folder()) {
            let made = own_folder(home.short_folder()).and_then(|()| no_link(home.short_folder()));
            made.map_err(|error| unusable(home.short_folder(), &error))?;
        }
        let path = home.lock();
        let file = open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Problem::new(
                ErrorCode::AlreadyRunning,
                format!("another KInfra already runs with the lock {}", path.display()),
            )
            .hint("use that one, or end it by kinfra quit")
            .into()),
            Err(error) => Err(unusable(&path, &error.into())),
        }
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    file.map_err(|error| unusable(path, &error))
}

/// A folder that only this user can look into.
fn own_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let data = fs::metadata(path)?;
    if data.uid() != rustix::process::getuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    if data.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// In /tmp anybody can make a link of this name, and swap what it leads to.
fn no_link(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is a link, not a folder of its own"));
    }
    Ok(())
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Problem::new(ErrorCode::Io, format!("cannot use {}: {error}", path.display()))
        .hint("it must be writable for you alone; KINFRA_HOME moves all of KInfra to another folder")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_engine_of_one_home_is_refused_and_a_later_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path(), rustix::process::getuid().as_raw());
        let lock = Lock::take(&home).unwrap();
        assert_eq!(Lock::take(&home).unwrap_err().code(), ErrorCode::AlreadyRunning);
        drop(lock);
        assert!(Lock::take(&home).is_ok());
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::remove_dir_all(&home.runtime).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &home.runtime).unwrap();
        assert_eq!(Lock::take(&home).unwrap_err().code(), ErrorCode::Io, "a link is no folder of our own");
        let mode = fs::metadata(&home.state).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
