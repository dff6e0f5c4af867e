use std::fs;

use tempfile::TempDir;

use super::context::pack;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// The files of the archive.
fn packed(folder: &TempDir, dockerfile: &str) -> Vec<String> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1000);
    pack(folder.path(), dockerfile, &sender).unwrap();
    drop(sender);
    let mut bytes = vec![];
    while let Some(piece) = receiver.blocking_recv() {
        bytes.extend_from_slice(&piece.unwrap());
    }
    let mut names = vec![];
    for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
        let entry = entry.unwrap();
        if !entry.header().entry_type().is_dir() {
            names.push(entry.path().unwrap().to_string_lossy().into_owned());
        }
    }
    names.sort();
    names
}

#[test]
fn a_folder_is_sent_without_what_dockerignore_names() {
    let folder = folder(&[
        ("Dockerfile", "FROM x"),
        (".dockerignore", "# not these\n*.log\nnode_modules\n**/*.tmp\n/secret\nDockerfile\n"),
        ("a.log", ""),
        ("deep/b.log", ""),
        ("deep/c.tmp", ""),
        ("node_modules/d.js", ""),
        ("deep/node_modules/e.js", ""),
        ("secret/key", ""),
        ("src/main.rs", ""),
    ]);
    let names = packed(&folder, "Dockerfile");
    let expected = [".dockerignore", "Dockerfile", "deep/b.log", "deep/node_modules/e.js", "src/main.rs"];
    assert_eq!(names, expected);
}

#[test]
fn an_exception_is_taken_out_of_what_is_ignored() {
    let folder = folder(&[
        ("docker/Dockerfile", "FROM x"),
        (".dockerignore", "*\n!src\nsrc/*.log\n"),
        ("src/main.rs", ""),
        ("src/a.log", ""),
        ("other", ""),
    ]);
    assert_eq!(packed(&folder, "docker/Dockerfile"), ["docker/Dockerfile", "src/main.rs"]);
}

#[test]
fn nobody_who_listens_ends_the_packing() {
    let folder = folder(&[("Dockerfile", "FROM x"), ("large", &"x".repeat(1_000_000))]);
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    drop(receiver);
    pack(folder.path(), "Dockerfile", &sender).unwrap();
}

#[test]
fn a_folder_that_can_t_be_read_is_told_by_its_name() {
    let folder = folder(&[("Dockerfile", "FROM x"), (".dockerignore", "a{b")]);
    let (sender, mut receiver) = tokio::sync::mpsc::channel(10);
    let error = pack(folder.path(), "Dockerfile", &sender).unwrap_err();
    assert!(error.to_string().contains("`a{b`"), "{error}");
    assert!(receiver.blocking_recv().unwrap().is_err());
}
