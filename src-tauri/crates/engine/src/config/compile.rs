//! From the text of a file to what it says, or to everything that is wrong with it.

use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

use super::assemble::assemble;
use super::checks;
use super::declaration::ProjectFile;
use super::spec::ProjectSpec;
use crate::schema::tree::{self, Fault, Format, Node, Position, Value};
use crate::schema::{Reader, Shape};

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
    let declared = decode(text, format, &mut reader);
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

/// As much of the text as can be read; every fault is reported.
pub(super) fn read_tree(text: &str, format: Format, reader: &mut Reader) -> Option<Node> {
    let (tree, faults) = tree::read(text, format);
    for fault in faults {
        let (at, problem) = described(fault, format);
        reader.report(at, problem);
    }
    tree
}

fn decode(text: &str, format: Format, reader: &mut Reader) -> Option<ProjectFile> {
    let tree = read_tree(text, format, reader)?;
    if tree.value == Value::Null {
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, "the file is empty")
            .hint("a project has at least `services:` with a name and its `run:`");
        reader.report(tree.at, problem);
        return None;
    }
    ProjectFile::decode(&tree, reader)
}

fn described(fault: Fault, format: Format) -> (Position, Problem) {
    match fault {
        Fault::Syntax { at, message } => {
            let problem =
                Problem::new(ErrorCode::ConfigSyntax, format!("not valid {}: {message}", format.name()));
            let hint = match format {
                Format::Yaml => "look at the indentation, colons and quotes here and in the line above",
                Format::Json => "look at the commas, quotes and brackets here and in the line above",
                Format::Toml => "look at the quotes and brackets here and in the line above",
            };
            (at, problem.hint(hint))
        }
        Fault::DuplicateKey { at, key, first } => {
            let message =
                format!("the key `{key}` stands here a second time; the first is in line {}", first.line);
            (at, Problem::new(ErrorCode::ConfigSyntax, message).hint("rename or remove one of them"))
        }
    }
}
