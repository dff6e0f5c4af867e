use std::fs;
use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

use crate::exit_code::ExitCode;
use crate::surroundings::Surroundings;
use crate::trouble::{Trouble, io_failure};

/// The repository's own example, so that the copy is what the tests run.
pub const CONFIGURATION: &str = include_str!("../../../../../example/kinfra.yaml");

const NAME: &str = "kinfra.yaml";

/// `kinfra example`: writes the example project to a folder.
pub fn write(surroundings: &Surroundings, folder: &Path) -> Result<ExitCode, Trouble> {
    let target = surroundings.folder.join(folder);
    write_to(&target)?;
    surroundings.output.result(&serde_json::json!({ "folder": target }), |_| {
        format!("The example is in {}. Next:\n\n  cd {} && kinfra up\n", target.display(), folder.display())
    })?;
    Ok(ExitCode::Done)
}

fn write_to(folder: &Path) -> Result<(), Trouble> {
    let file = folder.join(NAME);
    let taken = fs::symlink_metadata(&file).is_ok();
    if taken {
        return Err(Problem::new(ErrorCode::InvalidRequest, format!("{} exists already", file.display()))
            .hint("name another folder: `kinfra example FOLDER`")
            .into());
    }
    let failed = |doing: &str, path: &Path, error: &std::io::Error| {
        Trouble::from(io_failure(&format!("{doing} {}", path.display()), error))
    };
    fs::create_dir_all(folder).map_err(|error| failed("make the folder", folder, &error))?;
    fs::write(&file, CONFIGURATION).map_err(|error| failed("write", &file, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_written_once_and_never_over_something() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("shop");
        write_to(&folder).unwrap();
        assert_eq!(fs::read_to_string(folder.join(NAME)).unwrap(), CONFIGURATION);

        fs::write(folder.join(NAME), "mine").unwrap();
        let Err(Trouble::Failure(failure)) = write_to(&folder) else { panic!("it wrote over a file") };
        assert!(failure.to_string().contains("exists already"), "{failure}");
        assert_eq!(fs::read_to_string(folder.join(NAME)).unwrap(), "mine");
    }
}
