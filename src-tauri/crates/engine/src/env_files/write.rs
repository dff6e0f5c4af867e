use std::fs;
use std::io;
use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

use super::block::with_block;
use crate::replacing::replace;

/// Puts these lines into a file as its block; a file that isn't there is made.
///
/// # Errors
/// When the file can't be read or written, or holds only half a block. Then it is as it was.
pub fn write_block(path: &Path, lines: &[String]) -> Result<(), Problem> {
    change(path, lines).map_err(|error| explain(path, &error))
}

/// Takes the block out of a file. A file that holds nothing else stays, empty.
///
/// # Errors
/// As [`write_block`].
pub fn remove_block(path: &Path) -> Result<(), Problem> {
    if !path.exists() {
        return Ok(());
    }
    change(path, &[]).map_err(|error| explain(path, &error))
}

fn explain(path: &Path, error: &io::Error) -> Problem {
    let message = format!("the ports are not written to {}: {error}", path.display());
    Problem::new(ErrorCode::Io, message).hint("mend the file, or take it out of ports.env_files")
}

fn change(path: &Path, lines: &[String]) -> io::Result<()> {
    let before = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        other => Some(other?),
    };
    let after = with_block(before.as_deref().unwrap_or_default(), lines).map_err(io::Error::other)?;
    if before.as_ref() == Some(&after) {
        return Ok(());
    }
    replace(path, &after)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_keeps_its_mode_its_link_and_its_own_lines() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("real"), folder.path().join(".env"));
        fs::write(&file, "SECRET=1\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&file, &link).unwrap();
        write_block(&link, &["API_PORT=1".to_owned()]).unwrap();
        assert!(fs::read_to_string(&file).unwrap().contains("API_PORT=1"));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        remove_block(&link).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "SECRET=1\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");
    }

    #[test]
    fn what_is_missing_is_made_and_what_can_not_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        remove_block(&file).unwrap();
        assert!(!file.exists());
        write_block(&file, &["API_PORT=1".to_owned()]).unwrap();
        fs::write(&file, "# >>> kinfra\nAPI_PORT=1\n").unwrap();
        let problem = write_block(&file, &["API_PORT=2".to_owned()]).unwrap_err();
        assert!(
            problem.message.ends_with("line 1 is one end of KInfra's block, and the other end is missing"),
            "{problem}"
        );
        assert!(write_block(&folder.path().join("gone/.env"), &["A=1".to_owned()]).is_err());
    }
}
