//! In whatever order projects are moved over, each gets what it had.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::properties::{NAMES, config, manager, registry};
use super::*;

const FOLDERS: [&str; 4] = ["atoms", "BytePort", "zen", "hooks"];

/// Whether files contradict each other, so that nothing says whose a port was: a tunnel led to one that two folders ask for,
/// or that a folder has in a file of its own; two folders are called the same, or what a folder has in a file of its own is
/// called as another one; or what a file has is another name's in one of the user's. Who is named first gets that.
fn is_ambiguous(left: &Left) -> bool {
    let mut folders = left.named(&FOLDERS);
    folders.gathered.sources.retain(|source| source.folder.is_some());
    let asked = drafts(&folders.gathered, &|_| None).projects;
    // What a name of the user's means by its project, by folder.
    let mut meant: Vec<(&Path, String)> = vec![];
    for draft in &asked {
        let Some(folder) = &draft.folder else { continue };
        for alias in &draft.aliases {
            let of = draft.services.iter().map(|service| crate::config::slug(&service.name));
            meant.push((folder, alias.clone()));
            meant.extend(of.map(|service| (&**folder, format!("{alias}-{service}"))));
        }
    }
    let mut aliases = BTreeSet::new();
    let are_called_the_same =
        asked.iter().flat_map(|draft| &draft.aliases).filter(|alias| !aliases.insert(*alias)).count() > 0;
    let asked = asked.iter().flat_map(|draft| draft.services.iter().filter_map(|service| service.port));
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<u16> = asked.filter(|port| !seen.insert(*port)).collect();
    let mut doubtful = twice.clone();
    let (of_folders, of_user): (Vec<&Source>, Vec<&Source>) =
        left.gathered.sources.iter().partition(|source| source.folder.is_some());
    let noted = |sources: &[&Source]| -> Vec<(u16, String)> {
        let found = sources.iter().flat_map(|source| &source.reading.found);
        let names = found.filter_map(|found| match found {
            Found::Port(found) => Some((found.port, crate::config::slug(&found.name))),
            Found::Project(found) => Some((found.port?, crate::config::slug(found.name.as_ref()?))),
            Found::Tunnel(_) => None,
        });
        names.collect()
    };
    let is_anothers = of_folders.iter().any(|source| {
        let is_anothers = |name: &String| {
            meant.iter().any(|(folder, meant)| meant == name && source.folder.as_deref() != Some(*folder))
        };
        noted(&[*source]).iter().any(|(_, name)| is_anothers(name))
    });
    let (of_folders, names) = (noted(&of_folders), noted(&of_user));
    doubtful.extend(of_folders.iter().map(|(port, _)| *port));
    let contradict = of_folders
        .iter()
        .chain(&names)
        .any(|(port, name)| names.iter().any(|(other, of)| other == port && of != name));
    let mut found = of_user.iter().flat_map(|source| &source.reading.found);
    contradict
        || is_anothers
        || are_called_the_same
        || found.any(|found| match found {
            Found::Tunnel(tunnel) => tunnel.rules.iter().any(|rule| doubtful.contains(&rule.port)),
            Found::Port(_) | Found::Project(_) => false,
        })
}

/// By folder and service.
type Ports = BTreeMap<(PathBuf, String), u16>;

/// Projects of all kinds, with what the old files have of them.
fn left() -> impl Strategy<Value = Left> {
    let hooks = (proptest::sample::select(&NAMES[..]), properties::port()).prop_map(|(name, port)| {
        let text = serde_json::json!({"service": name, "local_port": port}).to_string();
        ("hooks/.tunnel_config.json".to_owned(), text)
    });
    // What is called as another's service could be either.
    let called = proptest::sample::select(&["atoms-mcp", "molecules"][..]);
    let settings = (called, properties::port()).prop_map(|(name, port)| {
        let port = serde_json::json!({"preferred": port, "range": [8000, 8010]});
        let text = serde_json::json!({"service": {"name": name}, "port": port}).to_string();
        ("atoms/kinfra_config.yaml".to_owned(), text)
    });
    let file = prop_oneof![3 => registry(), 2 => manager(), 2 => config(), 1 => settings, 2 => hooks];
    (proptest::collection::vec(file, 0..7), any::<[bool; 3]>()).prop_map(|(files, [atoms, byte, zen])| {
        let mut left = Left::default();
        if atoms {
            left = left.launcher("atoms", one("start_server.py", &["atoms-mcp", "atoms"], 50_002));
        }
        if byte {
            left = left.launcher("BytePort", byteport());
        }
        if zen {
            left = left.launcher("zen", one("server_mcp_http.py", &["zen", "zen-mcp"], 8_000));
        }
        let mut seen = BTreeSet::new();
        for (path, text) in files.into_iter().filter(|(path, _)| seen.insert(path.clone())) {
            left = left.file(&path, &text);
        }
        left
    })
}

/// Of every service that is known to have had its port.
fn ports(left: &Left, at_once: &Left) -> Ports {
    let drafts = drafts(&at_once.gathered, &|_| None);
    let sure = drafts.projects.iter().flat_map(|draft| {
        let folder = draft.place(GENERATED.as_ref());
        let services = draft.services.iter().filter(|service| service.is_sure());
        services.map(move |service| (folder.clone(), service.name.clone()))
    });
    let port = |(folder, name): (PathBuf, String)| {
        let slug = &left.known.project(&folder)?.slug;
        let port = left.known.claim(slug, &name)?.port;
        Some(((folder, name), port))
    };
    sure.filter_map(port).collect()
}

fn one_by_one(left: &Left, steps: &[&[&str]]) -> (Left, String) {
    let mut known = left.known.clone();
    let mut told = String::new();
    for folders in steps {
        let step = Left { known, ..left.named(folders) };
        let planning = step.planning();
        told += &format!("naming {folders:?}:\n{}{:#?}\n", shown(&planning.plan), planning.handed);
        known = step.done(&planning).known;
    }
    (Left { known, ..left.named(&steps.concat()) }, told)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(256), ..ProptestConfig::default() })]

    #[test]
    fn in_whatever_order_projects_are_moved_over_each_has_the_port_that_it_gets_when_all_are_named_at_once(
        left in left(),
        order in Just(FOLDERS.to_vec()).prop_shuffle(),
        // How many are named with the first command: none of them, as the window does it, one, or some.
        together in 0..4_usize,
    ) {
        prop_assume!(!is_ambiguous(&left));
        let (at_once, told) = one_by_one(&left, &[&order]);
        let (first, later) = order.split_at(together);
        let steps: Vec<&[&str]> = std::iter::once(first).chain(later.chunks(1)).collect();
        let (moved, steps_told) = one_by_one(&left, &steps);
        prop_assert_eq!(
            ports(&at_once, &at_once), ports(&moved, &at_once),
            "\nat once: {}\none by one: {}\n{:?}", told, steps_told, left
        );
        // And nothing else has a port that was somebody's.
        let all: BTreeSet<u16> = moved.known.claims.iter().map(|claim| claim.port).collect();
        prop_assert_eq!(all.len(), moved.known.claims.len());
    }
}
