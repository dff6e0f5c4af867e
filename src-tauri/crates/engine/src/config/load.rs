use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Place, Problem};

use super::compile::{Disk, compile};
use super::find::find;
use super::spec::ProjectSpec;
use crate::schema::tree::Format;

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
    let spec = compile(&file, &text, Format::of(&file), Disk::Checked)?;
    Ok(ProjectSpec { text: text.into(), ..spec }.with_files_read())
}

/// Whether reading it again would come to the same.
#[must_use]
pub fn is_current(spec: &ProjectSpec) -> bool {
    // Mostly many services have the same ones.
    let folders: BTreeSet<&Path> = spec.services.iter().map(|service| &*service.dir).collect();
    let environments =
        spec.services.iter().flat_map(|service| [&service.environment, &service.project_environment]);
    let files: BTreeSet<&PathBuf> = environments.flat_map(|environment| &environment.files).collect();
    read_text(&spec.file).is_ok_and(|text| *text == *spec.text)
        && find(&spec.folder).is_ok_and(|file| file.file_name() == spec.file.file_name())
        && folders.into_iter().all(Path::is_dir)
        && files.iter().all(|file| file.is_file())
        && spec.files_are_current()
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_configuration_is_current_until_its_file_or_what_it_names_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (file, api, env) =
            (folder.path().join("kinfra.yaml"), folder.path().join("api"), folder.path().join("api/it.env"));
        let text = "services:\n  api: {run: serve, dir: api, env_file: api/it.env}\n";
        let write = || {
            fs::create_dir_all(&api).unwrap();
            fs::write(&env, "A=1\n").unwrap();
            fs::write(&file, text).unwrap();
        };
        write();
        let spec = load_file(&file).unwrap();
        assert!(is_current(&spec));
        fs::write(&file, format!("# said anew\n{text}")).unwrap();
        assert!(!is_current(&spec), "another text");
        fs::remove_file(&file).unwrap();
        assert!(!is_current(&spec), "no text");
        write();
        fs::remove_file(&env).unwrap();
        assert!(!is_current(&spec), "a file is missing");
        fs::remove_dir(&api).unwrap();
        assert!(!is_current(&spec), "a folder is missing");
        write();
        assert!(is_current(&spec));
        fs::write(&env, "A=2\n").unwrap();
        assert!(!is_current(&spec), "another content");
    }
}
