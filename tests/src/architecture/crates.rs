//! The workspace's crates: who depends on whom, and on what none of them may.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;

use serde_json::Value;

use super::list::Arrows;
use super::{cargo, root};

/// What must not come in, not even through others.
const KEPT_OUT: &[(&str, &[&str], &str)] = &[
    ("kinfra-rpc", &["tokio", "tauri", "gtk"], "the wire schema does no I/O"),
    (
        "kinfra-engine",
        &["tauri", "gtk", "webkit2gtk", "clap"],
        "the engine also runs where there is no desktop",
    ),
    (
        "kinfra-keeper",
        &["tokio", "tauri", "gtk"],
        "the keeper must stay small and simple enough to never fail",
    ),
    ("kinfra-proxy", &["tauri", "gtk", "rusqlite"], "the data plane knows neither store nor desktop"),
    ("kinfra-tray", &["tokio", "tauri", "gtk"], "the menu is a pure model"),
    ("kinfra-cli", &["tauri", "gtk", "webkit2gtk"], "the CLI also runs where there is no desktop"),
];

/// The workspace's crates and those of them that each depends on, for whatever purpose.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let of = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|dependency| !dependency["path"].is_null()).map(name).collect()
    };
    metadata["packages"].as_array().unwrap().iter().map(|package| (name(package), of(package))).collect()
}

fn arrows() -> Arrows {
    let page = read_to_string(root().join("src-tauri/ARCHITECTURE.md")).unwrap();
    Arrows::read(&page, "arrows-of-crates")
}

#[test]
fn no_crate_depends_on_one_that_it_may_not() {
    let arrows = arrows();
    let wrong: Vec<String> = dependencies()
        .iter()
        .flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
        .filter(|(from, to)| !arrows.has(from, to))
        .map(|(from, to)| format!("{from} → {to}"))
        .collect();
    assert!(wrong.is_empty(), "not in src-tauri/ARCHITECTURE.md: {}", wrong.join(", "));
}

#[test]
fn every_arrow_of_crates_leads_down() {
    assert_eq!(arrows().upward(), Vec::<String>::new());
}

#[test]
fn the_list_names_every_crate_and_no_other() {
    assert!(arrows().names().into_iter().eq(dependencies().keys()));
}

#[test]
fn what_a_crate_keeps_out_does_not_come_in_through_others() {
    for (package, kept_out, reason) in KEPT_OUT {
        let tree = cargo(&["tree", "-p", package, "-e", "normal,build", "--prefix", "none", "-f", "{p}"]);
        let found: Vec<&str> = tree
            .lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|name| kept_out.contains(name))
            .collect();
        assert!(found.is_empty(), "{package} depends on {}, but {reason}", found.join(", "));
    }
}

/// `./dev run` builds programs, `./dev test` tests as well. Were a feature of some crate on in one of them only,
/// everything above that crate would be built twice. A feature that only tests need belongs into the normal
/// dependencies of kinfra-tests, which is built with all programs.
#[test]
fn run_and_test_build_the_same_dependencies() {
    // By package: a crate that programs and build scripts both use may be there with two sets of features.
    let features = |edges: &str| -> BTreeMap<String, BTreeSet<String>> {
        let tree = cargo(&["tree", "--workspace", "-e", edges, "--prefix", "none", "-f", "{p}|{f}"]);
        let mut found = BTreeMap::<String, BTreeSet<String>>::new();
        for (package, features) in tree.lines().filter_map(|line| line.split_once('|')) {
            // `(*)` marks what was printed before.
            let features = features.trim_end_matches(" (*)").to_owned();
            found.entry(package.trim().to_owned()).or_default().insert(features);
        }
        found
    };
    let (run, test) = (features("normal,build"), features("normal,build,dev"));
    let different: Vec<String> = run
        .iter()
        .filter_map(|(package, of_run)| {
            let of_test = test.get(package)?;
            (of_run != of_test).then(|| format!("{package}: {of_run:?} for run, {of_test:?} for test"))
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}
