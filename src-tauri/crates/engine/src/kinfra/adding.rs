use std::path::Path;

use kinfra_rpc::{ErrorCode, Failure, Problem};

use crate::config::{AddedResource, with_resource};
use crate::replacing::replace;
use crate::templates::NewResource;

/// Adds a resource to a project's file. Whoever runs the project hears of that as of any change of the file.
///
/// # Errors
/// What is wrong with the file or the resource, or that the file can't be written. Then it is as it was.
pub fn add_resource(file: &Path, new: &NewResource) -> Result<AddedResource, Failure> {
    let added = with_resource(file, new)?;
    replace(file, &added.edited.text).map_err(|error| {
        let message = format!("cannot write {} to {}: {error}", new.name, file.display());
        Problem::new(ErrorCode::Io, message).hint("the file and its folder must be writable for you")
    })?;
    Ok(added)
}
