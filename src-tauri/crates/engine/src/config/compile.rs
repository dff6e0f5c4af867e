//! From the text of a file to what it says, or to everything that is wrong with it.

use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

use super::assemble::{assemble, name_of};
use super::checks;
use super::declaration::ProjectFile;
use super::slug::slug;
use super::spec::ProjectSpec;
use crate::schema::tree::{Format, Node, Value};
use crate::schema::{Reader, Shape, read_tree};
use crate::templates::{Surroundings, expand};

/// Whether folders and files that the text names must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disk {
    Unseen,
    Checked,
}

/// Reads a configuration that would stand in `file`, without a look at the disk.
///
/// # Errors
/// Every problem of the text at once, in the order of its lines.
pub fn parse(file: &Path, text: &str, format: Format) -> Result<ProjectSpec, Vec<Problem>> {
    compile(file, text, format, Disk::Unseen)
}

pub(super) fn compile(
    file: &Path,
    text: &str,
    format: Format,
    disk: Disk,
) -> Result<ProjectSpec, Vec<Problem>> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    let mut reader = Reader::new(file);
    let declared = decode(text, format, folder, &mut reader);
    if let Some(project) = &declared {
        checks::check(project, &mut reader);
        if disk == Disk::Checked {
            checks::check_disk(project, folder, &mut reader);
        }
    }
    let problems = reader.into_problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    declared.and_then(|project| assemble(&project, file, folder)).ok_or_else(|| {
        let message = format!("{} could not be read, and no problem was found in it", file.display());
        vec![Problem::new(ErrorCode::Internal, message)]
    })
}

fn decode(text: &str, format: Format, folder: &Path, reader: &mut Reader) -> Option<ProjectFile> {
    let mut tree = read_tree(text, format, reader)?;
    if tree.value == Value::Null {
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, "the file is empty")
            .hint("a project has at least `services:` with a name and its `run:`");
        reader.report(tree.at, problem);
        return None;
    }
    lay_templates_under(&mut tree, folder, reader);
    ProjectFile::decode(&tree, reader)
}

/// Of the project that a file says, which may have problems.
pub(super) fn project_slug(tree: &Node, folder: &Path) -> String {
    let entries = match &tree.value {
        Value::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    let name = entries.iter().find_map(|(key, node)| match &node.value {
        Value::Text(name) if key.text == "project" => Some(name.clone()),
        _ => None,
    });
    slug(&name.unwrap_or_else(|| name_of(folder)))
}

/// What names of secrets begin with is the project's slug, whatever else is wrong with the file.
fn lay_templates_under(tree: &mut Node, folder: &Path, reader: &mut Reader) {
    let project = project_slug(tree, folder);
    let Value::Map(entries) = &mut tree.value else { return };
    let Some((_, resources)) = entries.iter_mut().find(|(key, _)| key.text == "resources") else { return };
    let Value::Map(resources) = &mut resources.value else { return };
    let at = Surroundings { project: &project, folder };
    reader.within("resources", |reader| {
        for (key, resource) in resources {
            reader.within(&key.text, |reader| expand(&key.text, resource, &at, reader));
        }
    });
}
