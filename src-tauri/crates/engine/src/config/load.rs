use std::path::Path;

use kinfra_rpc::{ErrorCode, Place, Problem};

use super::compile::{Disk, compile};
use super::find::find;
use super::spec::ProjectSpec;
use super::tree::Format;

/// Finds and reads the configuration of a folder, or of the nearest folder above it that has one.
///
/// # Errors
/// What `find` and `load_file` report.
pub fn load(folder: &Path) -> Result<ProjectSpec, Vec<Problem>> {
    let file = find(folder).map_err(|problem| vec![problem])?;
    load_file(&file)
}

/// Reads one configuration, and looks whether the folders and files are there that it names.
///
/// # Errors
/// Every problem at once, those of the file in the order of its lines.
pub fn load_file(file: &Path) -> Result<ProjectSpec, Vec<Problem>> {
    // A project is known by its folder: two ways to it must not make two projects. The file itself may be a link
    // to one that several projects share.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|error| vec![not_read(file, &error)])?;
    let file = folder.join(file.file_name().unwrap_or_default());
    let text = read_text(&file)?;
    compile(&file, &text, Format::of(&file), Disk::Checked)
}

/// # Errors
/// When it can't be read, or is no text.
pub(super) fn read_text(file: &Path) -> Result<String, Vec<Problem>> {
    let bytes = std::fs::read(file).map_err(|error| vec![not_read(file, &error)])?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        vec![not_text(file, error.as_bytes(), valid)]
    })
}

fn not_read(file: &Path, error: &std::io::Error) -> Problem {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorCode::ConfigMissing,
        _ => ErrorCode::Io,
    };
    Problem::new(code, format!("can't read the configuration {}: {error}", file.display()))
}

fn not_text(file: &Path, bytes: &[u8], offset: usize) -> Problem {
    let before = String::from_utf8_lossy(bytes.get(..offset).unwrap_or_default());
    let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    let line = number(before.matches('\n').count());
    let column = number(before.rsplit('\n').next().unwrap_or_default().chars().count());
    Problem::new(ErrorCode::ConfigSyntax, "the file is not UTF-8 text from here on")
        .hint("save it with the encoding UTF-8")
        .at(Place { file: file.to_owned(), line, column })
}
