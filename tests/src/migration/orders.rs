//! Projects that are moved over in one order or another: each has what it had, and all of it comes back.

use std::fs;

use kinfra_rpc::{MigrationUndone, ProjectState};

use super::moved::start_an_engine;
use super::old_home::{OldHome, OldServer, now};

/// By folder, service and the number of the port.
const IN_FOLDERS: [(&str, &str, u16); 4] =
    [("BytePort", "api", 4), ("BytePort", "frontend", 5), ("zen", "server", 3), ("hooks", "hooks", 6)];

#[track_caller]
fn are_kept(old: &OldHome, order: &str) {
    for (folder, name, number) in IN_FOLDERS {
        assert_eq!(old.kept_in(folder, name), old.port(number), "{name} in {folder}, {order}");
    }
    for (project, name, number) in [("python", "api", 0), ("python", "my worker", 1), ("pilot", "server", 2)]
    {
        assert_eq!(old.kept(project, name), old.port(number), "{name} of {project}, {order}");
    }
    assert_eq!(old.slugs(), ["byteport", "hooks", "pilot", "python", "zen"], "{order}");
}

#[test]
fn in_whatever_order_projects_are_moved_over_none_loses_its_port_and_undo_gives_all_of_it_back() {
    let old = OldHome::full();
    // As the window does it at first start, all is Python's before any folder is named; or some are named with it.
    let orders: [&[&[&str]]; 6] = [
        &[&[], &["zen"], &["BytePort"], &["hooks"]],
        &[&[], &["hooks"], &["BytePort", "zen"]],
        &[&["hooks"], &["zen"], &["BytePort"]],
        &[&["BytePort"], &["hooks"], &["zen"]],
        &[&["zen", "hooks"], &["BytePort"]],
        &[&["zen", "BytePort", "hooks"]],
    ];
    for order in orders {
        let shown = format!("{order:?}");
        let mut before = vec![];
        for folders in order {
            before.push((old.files(), old.claims()));
            let migrated = old.apply_to(folders);
            assert!(migrated.backup.is_some(), "{shown}: {migrated:#?}");
        }
        are_kept(&old, &shown);
        assert!(!old.plan().pending, "{shown}");
        for (files, claims) in before.into_iter().rev() {
            let (undone, code) = old.undo();
            assert_eq!((code, &undone.kept[..]), (Some(0), &[][..]), "{shown}: {undone:#?}");
            assert!(old.files() == files, "{shown}: a file is not as it was");
            assert_eq!(old.claims(), claims, "{shown}");
        }
    }
}

#[test]
fn an_engine_that_runs_hands_ports_on_and_back_as_well() {
    let old = OldHome::full();
    start_an_engine(&old);
    let before = old.claims();
    old.apply_to(&[]);
    let pythons = (old.files(), old.claims());
    old.apply_to(&["zen"]);
    old.apply_to(&["BytePort", "hooks"]);
    are_kept(&old, "with an engine");
    for _ in 0..2 {
        let (undone, code) = old.undo();
        assert_eq!((code, &undone.kept[..]), (Some(0), &[][..]), "{undone:#?}");
    }
    assert!((old.files(), old.claims()) == pythons);
    let (python, _) = old.json::<ProjectState>(&["status", "--project", "python"]);
    let api = python.nodes.iter().find(|node| node.name == "byteport-api").unwrap();
    assert_eq!(api.port, Some(old.port(4)));
    old.undo();
    assert_eq!(old.claims(), before);
}

#[test]
fn what_a_folder_keeps_is_not_given_back_and_all_else_is() {
    let old = OldHome::full();
    old.apply_to(&[]);
    old.apply_to(&["zen", "BytePort"]);
    let file = old.user().join("BytePort/kinfra.yaml");
    let changed = fs::read_to_string(&file).unwrap().replace("npm run dev", "npm start");
    fs::write(&file, &changed).unwrap();
    let python = old.home.home().generated_projects().join("python/kinfra.yaml");
    let given_up = fs::read_to_string(&python).unwrap();
    let (undone, code) = old.undo();
    assert_eq!(code, Some(1));
    let is_told = |undone: &MigrationUndone, what: &str| undone.kept.iter().any(|kept| kept.contains(what));
    assert!(is_told(&undone, "BytePort/kinfra.yaml was changed since"), "{undone:#?}");
    assert!(is_told(&undone, "python/kinfra.yaml stays as it is"), "{undone:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), changed);
    assert_eq!(fs::read_to_string(&python).unwrap(), given_up);
    assert_eq!(old.kept_in("BytePort", "api"), old.port(4));
    // Zen is Python's again.
    assert!(!old.user().join("zen/kinfra.yaml").exists());
    assert_eq!(old.kept("zen", "server"), old.port(3));
    assert_eq!(old.kept("python", "my worker"), old.port(1));
    // The first one is taken back as well, and BytePort stays.
    let (undone, _) = old.undo();
    assert!(undone.found, "{undone:#?}");
    assert_eq!(old.kept_in("BytePort", "api"), old.port(4));
}

#[test]
fn what_python_has_added_since_stays_and_has_its_port_again() {
    let old = OldHome::full();
    old.apply_to(&[]);
    old.apply_to(&["BytePort"]);
    let python = old.home.home().generated_projects().join("python/kinfra.yaml");
    let text = fs::read_to_string(&python).unwrap();
    let more = text.replacen("\"my worker\"", "\"another worker\"", 1);
    fs::write(&python, &more).unwrap();
    let (undone, code) = old.undo();
    assert_eq!(code, Some(1), "{undone:#?}");
    assert_eq!(fs::read_to_string(&python).unwrap(), more);
    let claims = old.claims();
    let of_api = |claim: &&serde_json::Value| claim["project"] == "python" && claim["node"] == "byteport-api";
    let claim = claims.as_array().unwrap().iter().find(of_api).unwrap();
    assert_eq!(claim["port"], old.port(4));
    // And the name comes back with the next migration.
    old.apply_to(&[]);
    assert_eq!(old.kept("python", "byteport-api"), old.port(4));
}

#[test]
fn what_was_only_a_default_is_given_to_who_had_it_and_comes_back() {
    for with_an_engine in [false, true] {
        let old = OldHome::new();
        if with_an_engine {
            start_an_engine(&old);
        }
        // A port that nobody noted: what its settings ask for.
        let asked = format!("service: {{name: zen}}\nport: {{preferred: {}}}\n", old.port(3));
        old.file("zen/kinfra_config.yaml", &asked);
        let tunnel = format!("{{\"service\": \"hooks\", \"local_port\": {}}}", old.port(3));
        old.file("hooks/.tunnel_config.json", &tunnel);
        old.apply_to(&["zen"]);
        assert_eq!(old.kept_in("zen", "server"), old.port(3));
        let before = (old.files(), old.claims());
        old.apply_to(&["hooks"]);
        assert_eq!(old.kept_in("hooks", "hooks"), old.port(3));
        let other = old.kept_in("zen", "server");
        assert_ne!(other, old.port(3));
        assert!(!old.plan().pending);
        old.undo();
        assert_eq!(old.kept_in("zen", "server"), old.port(3));
        assert!((old.files(), old.claims()) == before);
    }
}

#[test]
fn what_runs_in_calls_of_python_keeps_its_port_until_it_is_stopped() {
    let old = OldHome::full();
    let mut server = OldServer::start(&old, "elsewhere", old.port(3));
    let running = format!(
        ", \"server_running\": true, \"process_pid\": {}, \"server_start_time\": {}",
        server.pid(),
        now()
    );
    old.manager("zen", server.port, &running);
    old.apply_to(&[]);
    assert_eq!(old.kinfra(&["up", "server", "-d", "--project", "zen"]).code, Some(0));
    let (plan, _) = old.json::<kinfra_rpc::MigrationPlan>(&[
        "migrate",
        "--from",
        old.user().to_str().unwrap(),
        old.user().join("zen").to_str().unwrap(),
    ]);
    let zen = plan.projects.iter().find(|project| !project.generated).unwrap();
    let why = zen.obstacle.as_ref().unwrap();
    assert!(why.contains("kinfra down server --project zen"), "{why}");
    assert_eq!(old.kinfra(&["down", "server", "--project", "zen"]).code, Some(0));
    old.apply_to(&["zen"]);
    assert_eq!(old.kept_in("zen", "server"), old.port(3));
    assert!(!server.has_ended());
}
