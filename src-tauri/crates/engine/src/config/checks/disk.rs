use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::ProjectFile;
use crate::config::dotenv;
use crate::config::paths::absolute;
use crate::schema::{Placed, Reader};

/// The folders and files that the configuration names are there, and can be read.
pub(in crate::config) fn check(project: &ProjectFile, folder: &Path, reader: &mut Reader) {
    for file in &project.ports.env_files {
        check_written_file(file, folder, reader);
    }
    for file in &project.env_files {
        check_env_file("env_file", file, folder, reader);
    }
    for (key, service) in &project.services.0 {
        let Some(service) = service else { continue };
        if let Some(dir) = &service.dir {
            check_folder(&key.text, dir, folder, reader);
        }
        for file in &service.env_files {
            check_env_file(&format!("services.{}.env_file", key.text), file, folder, reader);
        }
    }
}

fn check_folder(service: &str, dir: &Placed<String>, folder: &Path, reader: &mut Reader) {
    let path = absolute(folder, &dir.value);
    if path.is_dir() {
        return;
    }
    let fault = if path.exists() { "is not a folder" } else { "does not exist" };
    let message = format!("`services.{service}.dir`: {} {fault}", path.display());
    let problem = Problem::new(ErrorCode::FolderMissing, message);
    let hint = if dir.value.contains("${") || dir.value.starts_with('~') {
        "`~` and `${…}` have no meaning here; write a path relative to the folder of the configuration"
    } else {
        "create it, or correct the path; it is relative to the folder of the configuration"
    };
    reader.report(dir.at, problem.hint(hint));
}

/// It may be missing, since KInfra writes it; the folder around it may not.
fn check_written_file(file: &Placed<String>, folder: &Path, reader: &mut Reader) {
    let path = absolute(folder, &file.value);
    let (code, fault) = match path.parent() {
        _ if path.is_dir() => (ErrorCode::ConfigInvalidValue, format!("{} is a folder", path.display())),
        Some(around) if around.is_dir() => return,
        around => {
            let around = around.unwrap_or(&path).display();
            (ErrorCode::FolderMissing, format!("the folder {around} does not exist"))
        }
    };
    let problem = Problem::new(code, format!("`ports.env_files`: {fault}"));
    reader.report(
        file.at,
        problem.hint("name a file in a folder that is there, relative to the configuration's"),
    );
}

fn check_env_file(key: &str, file: &Placed<String>, folder: &Path, reader: &mut Reader) {
    let path = absolute(folder, &file.value);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let problems = dotenv::parse(&path, &text).err().unwrap_or_default();
            problems.into_iter().for_each(|problem| reader.report_elsewhere(problem));
        }
        Err(error) => {
            let fault = match error.kind() {
                std::io::ErrorKind::NotFound => "does not exist".to_owned(),
                _ => format!("can't be read: {error}"),
            };
            let message = format!("`{key}`: {} {fault}", path.display());
            let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
            reader.report(file.at, problem.hint("create it, or take it out of `env_file`"));
        }
    }
}
