use std::fs;
use std::path::Path;
use std::process::Command;

use kinfra_rpc::PortStep;

use super::old_home::{OldHome, service};

/// By project, service and the number of the port.
const KEPT: [(&str, &str, u16); 7] = [
    ("python", "api", 0),
    ("python", "my worker", 1),
    ("pilot", "server", 2),
    ("zen", "server", 3),
    ("byteport", "api", 4),
    ("byteport", "frontend", 5),
    ("hooks", "hooks", 6),
];

#[track_caller]
fn are_kept(old: &OldHome) {
    for (project, name, number) in KEPT {
        assert_eq!(old.kept(project, name), old.port(number), "{name} of {project}");
    }
}

#[test]
fn every_port_is_kept_a_second_time_changes_nothing_and_undo_restores_every_byte() {
    let old = OldHome::full();
    let before = old.files();
    let plan = old.plan();
    assert!(plan.pending);
    assert_eq!(plan.set_aside, []);
    assert_eq!(service(&plan, "BytePort", "api").public, ["byte.example.com/api"]);
    assert_eq!(service(&plan, "zen", "server").public, ["zen.example.com"]);
    let tunnels: Vec<&str> = plan.tunnels.iter().map(|tunnel| &*tunnel.command).collect();
    assert_eq!(
        tunnels,
        [
            "kinfra tunnels adopt byte-unified byte.example.com --migrate",
            "kinfra tunnels adopt t1 api.example.com --migrate",
        ]
    );
    assert_eq!(old.files(), before, "a plan changes nothing");

    let migrated = old.apply();
    are_kept(&old);
    let after = old.files();
    for (path, bytes) in &before {
        assert_eq!(after.get(path), Some(bytes), "{} has to stay", path.display());
    }
    // Each file that was read has its copy.
    let copies = migrated.backup.unwrap().join("read");
    let copies = fs::read_dir(copies).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let copies: Vec<Vec<u8>> = copies.collect();
    assert_eq!(copies.len(), migrated.plan.files.len());
    for file in &migrated.plan.files {
        assert!(copies.contains(&before[file]), "{}", file.display());
    }

    let again = old.apply();
    assert!(!again.plan.pending && again.backup.is_none(), "{again:#?}");
    let steps = again.plan.projects.iter().flat_map(|project| &project.services).map(|service| service.step);
    assert!(steps.clone().count() == KEPT.len() && steps.into_iter().all(|step| step == PortStep::Settled));
    assert_eq!(old.files(), after);

    let (undone, code) = old.undo();
    assert_eq!((code, undone.found, &undone.kept[..]), (Some(0), true, &[][..]));
    assert_eq!(old.files(), before);
    assert!(!old.home.home().generated_projects().exists());
    let (ports, _) = old.json::<serde_json::Value>(&["ports"]);
    assert_eq!(ports["claims"], serde_json::json!([]));
    assert!(!old.undo().0.found, "there is nothing more to take back");

    // And once more, as if it had never been.
    old.apply();
    are_kept(&old);
}

#[test]
fn an_engine_that_runs_moves_over_and_back_as_well() {
    let old = OldHome::full();
    let before = old.files();
    start_an_engine(&old);
    old.apply();
    are_kept(&old);
    let (status, _) = old.json::<kinfra_rpc::ProjectState>(&["status", "--project", "byteport"]);
    let ports: Vec<Option<u16>> = status.nodes.iter().map(|node| node.port).collect();
    assert_eq!(ports, [Some(old.port(4)), Some(old.port(5))]);
    assert!(!old.plan().pending);
    let (undone, code) = old.undo();
    assert_eq!((code, &undone.kept[..]), (Some(0), &[][..]), "{undone:#?}");
    assert_eq!(old.files(), before);
    let (projects, _) = old.json::<Vec<kinfra_rpc::ProjectState>>(&["projects"]);
    assert_eq!(projects.iter().map(|project| &*project.slug).collect::<Vec<_>>(), ["other"]);
}

#[test]
fn what_was_chosen_by_nobody_gives_way_and_comes_back() {
    for with_an_engine in [false, true] {
        let old = OldHome::new();
        old.manager("zen", old.port(3), "");
        old.file("zen/server_mcp_http.py", "raise SystemExit\n");
        old.file("zen/kinfra.yaml", "services:\n  server: {run: serve}\n");
        if with_an_engine {
            start_an_engine(&old);
        }
        assert_eq!(old.kinfra(&["add", &old.folders()[1]]).code, Some(0));
        let (before, chosen) = (old.files(), old.kept("zen", "server"));
        assert_ne!(chosen, old.port(3));
        old.apply();
        assert_eq!(old.kept("zen", "server"), old.port(3));
        assert!(!old.plan().pending);
        old.undo();
        assert_eq!((old.kept("zen", "server"), old.files()), (chosen, before));
    }
}

/// By a project that has nothing to do with all this.
#[track_caller]
pub fn start_an_engine(old: &OldHome) {
    let other = old.home.project("other", "services:\n  it: {run: sleep 1000, port: none}\n");
    let up = old.home.command("kinfra").args(["up", "-d"]).current_dir(&other).output().unwrap();
    assert!(up.status.success(), "{up:#?}");
}

#[test]
fn what_somebody_has_changed_since_stays() {
    let old = OldHome::full();
    old.apply();
    let file = old.user().join("BytePort/kinfra.yaml");
    let changed = fs::read_to_string(&file).unwrap().replace("npm run dev", "npm start");
    fs::write(&file, &changed).unwrap();
    let (undone, code) = old.undo();
    assert_eq!(code, Some(1));
    assert!(undone.kept.iter().any(|kept| kept.contains("BytePort/kinfra.yaml")), "{undone:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), changed);
    assert_eq!(old.kept("byteport", "frontend"), old.port(5));
    assert!(!old.user().join("zen/kinfra.yaml").exists());
}

#[test]
fn nothing_is_done_without_a_word() {
    let old = OldHome::full();
    let before = old.files();
    let user = old.user();
    let printed = old.kinfra(&["migrate", "--from", user.to_str().unwrap()]);
    assert_eq!(printed.code, Some(0));
    assert!(printed.stderr.contains("with --yes does it"), "{printed:#?}");
    assert!(printed.stdout.contains(&format!("{}  is kept", old.port(2))), "{printed:#?}");
    assert_eq!(old.files(), before);
    let bare = OldHome::new();
    fs::create_dir_all(bare.user()).unwrap();
    let printed = bare.kinfra(&["migrate", "--from", bare.user().to_str().unwrap()]);
    assert!(printed.stdout.starts_with("KInfra 1.0 left nothing here"), "{printed:#?}");
}

#[test]
fn the_python_package_finds_its_names_with_the_ports_that_they_had() {
    let old = OldHome::full();
    start_an_engine(&old);
    old.apply();
    let before = old.files();
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/clients/python/src");
    // Nothing of the old files is left for it to read.
    let nowhere = old.home.path().join("nobody");
    fs::create_dir_all(&nowhere).unwrap();
    let asked = "from kinfra import KInfra, PortRegistry, SmartInfraManager\n\
                 print(PortRegistry().get_canonical_port('api'), KInfra().allocate_port('my worker'), \
                 SmartInfraManager('pilot').allocate_persistent_port())\n";
    let mut python = Command::new("python3");
    python.args(["-W", "ignore", "-c", asked]).envs(old.home.environment());
    python.env("PYTHONPATH", package).env("PYTHONDONTWRITEBYTECODE", "1").env("HOME", &nowhere);
    let output = python.output().unwrap();
    assert!(output.status.success(), "{output:#?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let expected = [0, 1, 2].map(|number| old.port(number).to_string()).join(" ");
    assert_eq!(said.trim(), expected);
    // What the migration wrote is as the package writes it: it left it alone, but for notes of its own.
    let after = old.files();
    for (path, bytes) in before.iter().filter(|(path, _)| path.ends_with("kinfra.yaml")) {
        assert_eq!(after.get(path), Some(bytes), "{}", path.display());
    }
}

#[test]
fn projects_that_are_moved_one_at_a_time_are_moved_once() {
    let old = OldHome::full();
    let user = old.user();
    let [byteport, zen, hooks] = &old.folders()[..] else { panic!("three folders") };
    let migrate = |folder: &str| -> (kinfra_rpc::Migrated, _) {
        old.json(&["migrate", "--from", user.to_str().unwrap(), folder, "--yes"])
    };
    for folder in [byteport, zen, hooks] {
        assert_eq!(migrate(folder).1, Some(0));
    }
    // One is moved on by hand: what was its own port once is still not Python's.
    let moved = old.port(8);
    let to = moved.to_string();
    assert_eq!(old.kinfra(&["ports", "move", "api", "--to", &to, "--project", "byteport"]).code, Some(0));
    for folder in [zen, hooks, byteport] {
        let (again, _) = migrate(folder);
        assert!(!again.plan.pending && again.backup.is_none(), "{again:#?}");
    }
    let (plan, _) =
        old.json::<kinfra_rpc::MigrationPlan>(&["migrate", "--from", user.to_str().unwrap(), hooks]);
    let planned = service(&plan, "python", "byteport-api");
    assert_eq!(
        (planned.step, planned.detail.as_deref()),
        (PortStep::Settled, Some("it is api's of byteport"))
    );
    assert_eq!(old.kept_in("BytePort", "api"), moved);
    assert_eq!(old.kept_in("BytePort", "frontend"), old.port(5));
    assert_eq!(old.kept_in("zen", "server"), old.port(3));
    assert_eq!(old.kept_in("hooks", "hooks"), old.port(6));
    // Python has none of them, and each has the name that it gets when all are named at once.
    assert_eq!(old.slugs(), ["byteport", "hooks", "pilot", "python", "zen"]);
}
