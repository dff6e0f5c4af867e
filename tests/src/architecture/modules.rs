//! The engine's modules: each may use only those that the list gives it.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use super::list::Arrows;
use super::paths::crate_paths;
use super::root;

const ENGINE: &str = "src-tauri/crates/engine/src";

fn arrows() -> Arrows {
    let page = read_to_string(root().join("src-tauri/ARCHITECTURE.md")).unwrap();
    Arrows::read(&page, "arrows-of-modules")
}

/// Every source file of the engine, relative to its `src`.
fn sources() -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let engine = root().join(ENGINE);
    let mut found = Vec::new();
    collect(&engine, &mut found);
    found.sort();
    found.iter().map(|path| path.strip_prefix(&engine).unwrap().to_path_buf()).collect()
}

/// `store/runs.rs` and `store.rs` belong to `store`; lib.rs declares and belongs to none.
fn module_of(source: &Path) -> Option<String> {
    let first = Path::new(source.components().next()?.as_os_str());
    let name = first.file_stem()?.to_str()?;
    (name != "lib").then(|| name.to_owned())
}

/// One module naming another.
struct Use {
    from: String,
    to: String,
    /// File and line.
    place: String,
}

fn uses() -> Vec<Use> {
    let mut found = Vec::new();
    for source in sources() {
        let Some(from) = module_of(&source) else { continue };
        let text = read_to_string(root().join(ENGINE).join(&source)).unwrap();
        for path in crate_paths(&text).into_iter().filter(|path| path.name != from) {
            let place = format!("{ENGINE}/{}:{}", source.display(), path.line);
            found.push(Use { from: from.clone(), to: path.name, place });
        }
    }
    found
}

#[test]
fn no_module_uses_one_that_it_may_not() {
    let arrows = arrows();
    let wrong: Vec<String> = uses()
        .into_iter()
        .filter(|used| !arrows.has(&used.from, &used.to))
        .map(|used| format!("{}: {} → {}", used.place, used.from, used.to))
        .collect();
    assert!(
        wrong.is_empty(),
        "these arrows are not in src-tauri/ARCHITECTURE.md; turn the use around, or add the arrow there and say \
         why in the commit:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_listed_arrow_of_modules_is_unused() {
    let (arrows, uses) = (arrows(), uses());
    let is_used = |(from, to): &(&str, &str)| uses.iter().any(|used| used.from == *from && used.to == *to);
    let unused: Vec<String> =
        arrows.all().filter(|arrow| !is_used(arrow)).map(|(from, to)| format!("{from} → {to}")).collect();
    assert!(unused.is_empty(), "take these out of src-tauri/ARCHITECTURE.md: {}", unused.join(", "));
}

#[test]
fn every_arrow_of_modules_leads_down() {
    assert_eq!(arrows().upward(), Vec::<String>::new());
}

#[test]
fn the_list_names_every_module_and_no_other() {
    let there: BTreeSet<String> = sources().iter().filter_map(|source| module_of(source)).collect();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(arrows().names(), there);
}
