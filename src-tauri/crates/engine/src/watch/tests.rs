use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::{Scope, Subscription, Watcher};

const SOON: Duration = Duration::from_secs(10);

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["src/deep", "target/debug", "docs"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join(".gitignore"), "target/\n*.log\n").unwrap();
    folder
}

fn tree(watcher: &Watcher, folder: &Path, paths: &[&str], ignored: &[&str]) -> Subscription {
    let paths = paths.iter().map(|path| folder.join(path)).collect();
    let ignored: Vec<String> = ignored.iter().map(|pattern| (*pattern).to_owned()).collect();
    watcher.subscribe(Scope::tree(folder, paths, &ignored)).unwrap()
}

/// What is heard of up to the change of this file, which comes after all others.
async fn heard_until(subscription: &mut Subscription, folder: &Path, last: &str) -> Vec<String> {
    fs::write(folder.join(last), "x").unwrap();
    let mut heard = vec![];
    while !heard.iter().any(|name| name == last) {
        let paths = timeout(SOON, subscription.changed()).await.unwrap().unwrap();
        let names =
            paths.iter().map(|path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
        heard.extend(names);
    }
    heard.sort();
    heard.dedup();
    heard
}

#[tokio::test]
async fn what_git_ignores_is_not_told_of() {
    let (folder, watcher) = (project(), Watcher::default());
    let folder = folder.path();
    let mut all = tree(&watcher, folder, &["."], &["docs/"]);
    for name in ["src/deep/a.rs", "target/debug/b", "src/c.log", "docs/d.md", ".git/index"] {
        fs::write(folder.join(name), "x").unwrap();
    }
    assert_eq!(heard_until(&mut all, folder, "src/last").await, ["src/deep/a.rs", "src/last"]);
    fs::read_to_string(folder.join("src/deep/a.rs")).unwrap();
    assert_eq!(heard_until(&mut all, folder, "src/end").await, ["src/end"], "reading is no change");
}

#[tokio::test]
async fn only_the_paths_asked_for_are_told_of_also_in_new_folders() {
    let (folder, watcher) = (project(), Watcher::default());
    let folder = folder.path();
    let mut sources = tree(&watcher, folder, &["src"], &[]);
    fs::write(folder.join("other"), "x").unwrap();
    fs::create_dir_all(folder.join("src/new/inner")).unwrap();
    fs::write(folder.join("src/new/inner/a.rs"), "x").unwrap();
    let heard = heard_until(&mut sources, folder, "src/last").await;
    assert_eq!(heard, ["src/last", "src/new/inner/a.rs"]);
    // The folder is gone and comes again.
    fs::remove_dir_all(folder.join("src/new")).unwrap();
    heard_until(&mut sources, folder, "src/gone").await;
    fs::create_dir_all(folder.join("src/new")).unwrap();
    heard_until(&mut sources, folder, "src/again").await;
    fs::write(folder.join("src/new/b.rs"), "x").unwrap();
    assert_eq!(heard_until(&mut sources, folder, "src/end").await, ["src/end", "src/new/b.rs"]);
}

#[tokio::test]
async fn a_file_that_an_editor_replaces_is_told_of() {
    let (folder, watcher) = (project(), Watcher::default());
    let file = folder.path().join("kinfra.yaml");
    let mut one = watcher.subscribe(Scope::Files(vec![file.clone()])).unwrap();
    fs::write(folder.path().join("other"), "x").unwrap();
    fs::write(folder.path().join("kinfra.yaml~"), "x").unwrap();
    fs::rename(folder.path().join("kinfra.yaml~"), &file).unwrap();
    assert_eq!(timeout(SOON, one.changed()).await.unwrap().unwrap(), [file]);
}

#[tokio::test]
async fn who_no_longer_listens_costs_nothing() {
    let (folder, watcher) = (project(), Watcher::default());
    let one = tree(&watcher, folder.path(), &["src"], &[]);
    let two = tree(&watcher, folder.path(), &["src/deep"], &[]);
    assert_eq!(watcher.lock().folders.len(), 2);
    drop(one);
    assert_eq!(watcher.lock().folders.len(), 1);
    drop(two);
    assert_eq!(watcher.lock().folders.len(), 0);
}
