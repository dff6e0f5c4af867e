use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

/// Makes the folder in which a resource keeps its data: the user's alone. Nothing ever removes it.
///
/// # Errors
/// When it can't be made.
pub fn make_data_folder(folder: &Path) -> Result<(), Problem> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        let message = format!("the folder {} for its data can't be made: {error}", folder.display());
        Problem::new(ErrorCode::Io, message)
            .hint("look at the free space and the owner of the folders above it")
    })
}
