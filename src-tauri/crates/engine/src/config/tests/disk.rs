//! Where configurations are found, and what they name on the disk.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use kinfra_rpc::ErrorCode;

use super::shown;
use crate::config::{find, load};

const MINIMAL: &str = "services: {web: {run: x}}\n";

/// What is wrong, with the temporary folder's name replaced.
fn faults(folder: &Path) -> String {
    let problems = load(folder).expect_err("the configuration is wrong");
    let canonical = folder.canonicalize().unwrap();
    shown(problems).replace(canonical.to_str().unwrap(), "/shop")
}

#[test]
fn a_folder_above_is_found_and_is_the_projects() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kinfra.yml"), MINIMAL).unwrap();
    let below = folder.path().join("src/deep");
    fs::create_dir_all(&below).unwrap();
    let project = load(&below).unwrap();
    let canonical = folder.path().canonicalize().unwrap();
    assert_eq!(project.folder, canonical);
    assert_eq!(project.file, canonical.join("kinfra.yml"));
    assert_eq!(project.services[0].dir, canonical);
    assert_eq!(project.name, canonical.file_name().unwrap().to_str().unwrap());
}

#[test]
fn the_nearest_folder_counts() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kinfra.yaml"), MINIMAL).unwrap();
    let below = folder.path().join("inner");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("kinfra.toml"), "[services.web]\nrun = 'x'\n").unwrap();
    assert_eq!(find(&below).unwrap(), below.canonicalize().unwrap().join("kinfra.toml"));
}

#[test]
fn a_missing_file_says_what_to_create() {
    let folder = tempfile::tempdir().unwrap();
    assert_snapshot!(faults(folder.path()), @"
    there is no kinfra.yaml in /shop, nor in a folder above it
      hint: create kinfra.yaml there (.yml, .json and .toml are read too), for example:
        services:
          web:
            run: npm run dev
    ");
}

#[test]
fn a_missing_project_folder_is_named() {
    let problem = find(Path::new("/nonexistent/shop")).unwrap_err();
    assert_eq!(problem.code, ErrorCode::FolderMissing);
    assert_snapshot!(problem, @"
    can't look for a configuration in /nonexistent/shop: No such file or directory (os error 2)
      hint: give the path of a folder that exists
    ");
}

#[test]
fn two_files_in_one_folder_are_both_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kinfra.yaml"), MINIMAL).unwrap();
    fs::write(folder.path().join("kinfra.json"), "{}").unwrap();
    assert_snapshot!(faults(folder.path()), @"
    /shop has both kinfra.yaml and kinfra.json, and only one can count
      hint: remove or rename one of them
    ");
}

#[test]
fn folders_and_files_that_are_missing_are_all_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = "services:\n  web: {run: x, dir: ./gone}\n  api: {run: x, dir: a-file, env_file: [.env, .env.local]}\n  \
                job: {run: x, dir: '${HOME}/x'}\n";
    fs::write(folder.path().join("kinfra.yaml"), text).unwrap();
    fs::write(folder.path().join("a-file"), "").unwrap();
    fs::write(folder.path().join(".env"), "A=1\nwithout a name\n").unwrap();
    assert_snapshot!(faults(folder.path()), @"
    /shop/kinfra.yaml:2:22: `services.web.dir`: /shop/gone does not exist
      hint: create it, or correct the path; it is relative to the folder of the configuration
    /shop/kinfra.yaml:3:22: `services.api.dir`: /shop/a-file is not a folder
      hint: create it, or correct the path; it is relative to the folder of the configuration
    /shop/kinfra.yaml:3:47: `services.api.env_file`: /shop/.env.local does not exist
      hint: create it, or take it out of `env_file`
    /shop/kinfra.yaml:4:22: `services.job.dir`: /shop/${HOME}/x does not exist
      hint: `~` and `${…}` have no meaning here; write a path relative to the folder of the configuration
    /shop/.env:2:1: this line has no name before a `=`
      hint: a line is `KEY=VALUE`, a comment begins with `#`
    ");
}

#[test]
fn a_file_to_be_written_may_be_missing_but_not_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("apps")).unwrap();
    let write = |files: &str| {
        let text = format!("ports: {{env_files: {files}}}\n{MINIMAL}");
        fs::write(folder.path().join("kinfra.yaml"), text).unwrap();
    };
    write("[.env, apps/.env.local]");
    assert_eq!(load(folder.path()).unwrap().ports.env_files.len(), 2);
    write("[apps, gone/.env]");
    assert_snapshot!(faults(folder.path()), @"
    /shop/kinfra.yaml:1:21: `ports.env_files`: /shop/apps is a folder
      hint: name a file in a folder that is there, relative to the configuration's
    /shop/kinfra.yaml:1:27: `ports.env_files`: the folder /shop/gone does not exist
      hint: name a file in a folder that is there, relative to the configuration's
    ");
}

#[test]
fn a_file_that_is_no_text_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kinfra.yaml"), b"project: x\nservices: \xff\n").unwrap();
    assert_snapshot!(faults(folder.path()), @"
    /shop/kinfra.yaml:2:11: the file is not UTF-8 text from here on
      hint: save it with the encoding UTF-8
    ");
}

#[test]
fn a_linked_file_belongs_to_the_folder_of_the_link() {
    let shared = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(shared.path().join("stack.yaml"), MINIMAL).unwrap();
    std::os::unix::fs::symlink(shared.path().join("stack.yaml"), folder.path().join("kinfra.yaml")).unwrap();
    assert_eq!(load(folder.path()).unwrap().folder, folder.path().canonicalize().unwrap());
}
