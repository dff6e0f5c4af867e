//! The command is killed in the middle of taking a migration back, and the next one takes all of it back.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::old_home::OldHome;

/// What else is looked at: whose each port is.
type Known = serde_json::Value;
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A migration over what an earlier one had made: of its files some are new, and one is written over.
fn moved_twice() -> (OldHome, [(Files, Known); 2]) {
    let old = OldHome::full();
    old.registry(&[format!("\"api\": {{\"assigned_port\": {}}}", old.port(0))]);
    fs::remove_dir_all(old.user().join(".kinfra_smart_infra")).unwrap();
    let user = old.user();
    let first = old.kinfra(&["migrate", "--from", user.to_str().unwrap(), "--yes", user.to_str().unwrap()]);
    assert_eq!(first.code, Some(0), "{first:#?}");
    // A port that KInfra itself has chosen, and that gives way.
    old.file("zen/kinfra.yaml", "services:\n  server: {run: serve}\n");
    let [_, zen, _] = &old.folders()[..] else { panic!("three folders") };
    assert_eq!(old.kinfra(&["add", zen]).code, Some(0));
    old.registry(&[
        format!("\"api\": {{\"assigned_port\": {}}}", old.port(0)),
        format!("\"my worker\": {{\"assigned_port\": {}}}", old.port(1)),
    ]);
    old.manager("pilot", old.port(2), "");
    old.manager("zen", old.port(3), "");
    let before = (old.files(), known(&old));
    old.apply();
    let after = (old.files(), known(&old));
    assert_ne!(before, after);
    (old, [before, after])
}

fn known(old: &OldHome) -> Known {
    let (ports, _) = old.json::<Known>(&["ports"]);
    ports["claims"].clone()
}

fn undo(old: &OldHome) -> Child {
    let mut command = old.home.command("kinfra");
    command.args(["migrate", "--undo", "--json"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Whether the last migration is not noted as taken back.
fn is_open(old: &OldHome) -> bool {
    let all = old.home.home().state.join("migrations");
    let numbers = fs::read_dir(&all).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let last = numbers.max_by_key(|number| number.parse::<u32>().unwrap()).unwrap();
    let text = fs::read_to_string(all.join(last).join("journal.json")).unwrap();
    let journal: serde_json::Value = serde_json::from_str(&text).unwrap();
    journal["state"] != "undone"
}

#[track_caller]
fn is_taken_back(old: &OldHome, before: &(Files, Known), moment: &str) {
    let (undone, code) = old.undo();
    assert_eq!((code, &undone.kept[..]), (Some(0), &[][..]), "{moment}: {undone:#?}");
    let (files, known_before) = before;
    let present = old.files();
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&present), names(files), "{moment}");
    assert!(present == *files, "{moment}: a file is not as it was");
    assert_eq!(known(old), *known_before, "{moment}");
}

#[test]
fn an_undo_that_is_killed_at_any_moment_is_completed_by_the_next() {
    let (old, [before, after]) = moved_twice();
    let begun = Instant::now();
    undo(&old).wait().unwrap();
    let whole = begun.elapsed();
    assert!((old.files(), known(&old)) == before && !is_open(&old));
    old.apply();
    assert!((old.files(), known(&old)) == after);
    let mut cut = 0;
    for moment in 0..24 {
        let mut undoing = undo(&old);
        let at = Instant::now() + whole.mul_f64(f64::from(moment) / 20.0);
        // Not to wait for a condition, but to be in the middle of one.
        while Instant::now() < at {
            std::thread::sleep(Duration::from_micros(200));
        }
        let was_running = undoing.try_wait().unwrap().is_none();
        undoing.kill().unwrap();
        undoing.wait().unwrap();
        let now = (old.files(), known(&old));
        cut += usize::from(was_running && now != before && now != after);
        if is_open(&old) {
            is_taken_back(&old, &before, &format!("killed at {moment}/20 of {whole:?}"));
        }
        assert!((old.files(), known(&old)) == before, "ended at {moment}/20 of {whole:?}");
        old.apply();
        assert!((old.files(), known(&old)) == after, "moved over again");
    }
    // And as soon as the first thing is taken back that can be seen.
    for gone in ["BytePort/kinfra.yaml", "hooks/kinfra.yaml"] {
        let file = old.user().join(gone);
        let mut undoing = undo(&old);
        while file.exists() && undoing.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        undoing.kill().unwrap();
        undoing.wait().unwrap();
        let now = (old.files(), known(&old));
        cut += usize::from(now != before && now != after);
        if is_open(&old) {
            is_taken_back(&old, &before, &format!("killed when {gone} was gone"));
        }
        assert!((old.files(), known(&old)) == before, "killed when {gone} was gone");
        old.apply();
    }
    assert!(cut > 0, "no undo was ever in its middle when it was killed");
}
