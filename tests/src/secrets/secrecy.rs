//! A service finds its secrets, and nobody finds them anywhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kinfra_rpc::Phase;

use super::VALUE;
use super::search::{files, files_with, processes_with};
use super::session::Session;
use crate::{TestProject, wait_until};

const SOON: Duration = Duration::from_secs(20);

/// What it finds is told by its hash.
const CONFIGURATION: &str = r#"
project: shop
services:
  api:
    run: printf %s "$DB" | sha256sum > got; sha256sum < "$DB_FILE" >> got; exec MISBEHAVE serve
    env: {DB: '${secret:shop/db}', URL: 'postgres://app:${secret:shop/db}@db/shop'}
    secret_files: {DB_FILE: shop/db}
    health: {command: '[ -n "$DB" ] && [ "$(cat "$DB_FILE")" = "$DB" ]'}
  other: {run: [MISBEHAVE, serve]}
"#;

fn hash(value: &str) -> String {
    let script = "printf %s \"$1\" | sha256sum";
    let output = Command::new("sh").args(["-c", script, "sh", value]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_service_finds_its_secret_and_nobody_else_does() {
    let Some(session) = Session::start("a_service_finds_its_secret_and_nobody_else_does") else { return };
    let project = TestProject::new(CONFIGURATION);
    assert_eq!(session.set(&project, "shop/db", VALUE).code, Some(0));
    session.succeed(&project, &["up", "-d"]);

    // In its environment and in its file.
    let gets = |value: &str| {
        let (file, expected) = (project.folder().join("got"), hash(value).repeat(2));
        let found = || fs::read_to_string(&file).is_ok_and(|found| found == expected);
        wait_until("the service to find its secret", SOON, found);
    };
    gets(VALUE);

    // The one place in a file is the one that was asked for.
    let found = files_with(project.home.path(), VALUE);
    let [file] = &found[..] else { panic!("{found:?}") };
    assert!(file.starts_with(project.home.home().secrets()) && file.ends_with("DB_FILE"), "{file:?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_to_string(file).unwrap(), VALUE);
    assert_eq!(processes_with("cmdline", VALUE), [0_u32; 0]);
    let (service, found) = (project.node("api").pid.unwrap(), processes_with("environ", VALUE));
    assert!(found.contains(&service));
    for process in project.home.processes() {
        // The health command of the service has its environment.
        let is_others = ["kinfra host", "kinfra-keeper"].iter().any(|name| process.command.contains(name));
        assert!(!(is_others && found.contains(&process.pid)), "{process:?}");
    }
    assert!(!found.contains(&project.node("other").pid.unwrap()));

    // Whoever looks sees names.
    let shown = session.succeed(&project, &["env", "api", "--reveal"]);
    assert!(shown.contains("postgres://app:${secret:shop/db}@db/shop") && !shown.contains(VALUE), "{shown}");
    let exported = session.kinfra(&project, &["env", "api", "--export"]);
    assert!(
        !exported.stdout.contains("DB=") && exported.stderr.contains("DB is not exported"),
        "{exported:?}"
    );
    for look in [["status", "--json"], ["events", "--json"], ["logs", "--json"], ["diff", "--json"]] {
        assert!(!session.succeed(&project, &look).contains(VALUE), "{look:?}");
    }

    // Another value is no other setting, and is used by the next start.
    session.set(&project, "shop/db", "another-value-entirely");
    assert!(!project.node("api").changed);
    session.succeed(&project, &["restart", "api"]);
    gets("another-value-entirely");
    assert!(!file.exists());

    session.succeed(&project, &["down"]);
    let secrets = project.home.home().secrets();
    wait_until("the files of secrets to be gone", SOON, || files(&secrets).is_empty());
}

#[test]
fn what_a_service_prints_of_its_secret_is_shown_nowhere_and_stored_in_its_log_alone() {
    let Some(session) = Session::start("what_a_service_prints_of_its_secret") else { return };
    let project = TestProject::new(
        r#"
project: shop
services:
  loud: {run: 'echo it is $GREETING; exec MISBEHAVE serve', env: {GREETING: '${secret:greeting}'}}
  crashing:
    run: echo it was $GREETING >&2; exit 3
    env: {GREETING: '${secret:greeting}'}
    restart: never
"#,
    );
    session.set(&project, "greeting", VALUE);
    session.kinfra(&project, &["up", "-d"]);
    let crashed = project.wait_for_phase("crashing", Phase::Exited);
    let shown = |what: &[&str]| {
        let printed = session.kinfra(&project, what);
        assert!(!printed.stdout.contains(VALUE), "{what:?}: {printed:?}");
        printed.stdout
    };
    assert!(shown(&["logs"]).contains("it is [redacted]"));
    assert!(!format!("{crashed:?}").contains(VALUE), "{crashed:?}");
    assert!(shown(&["events"]).contains("it was [redacted]"));
    let logs = project.home.home().logs();
    let found = files_with(project.home.path(), VALUE);
    assert!(found.len() == 2 && found.iter().all(|file| file.starts_with(&logs)), "{found:?}");

    // An engine that did not give it asks for it before it shows what was printed.
    project.kill("kinfra host");
    session.succeed(&project, &["up", "-d", "loud"]);
    assert!(shown(&["logs", "loud"]).contains("it is [redacted]"));
    assert!(shown(&["logs", "crashing"]).contains("it was [redacted]"));
    session.succeed(&project, &["down"]);
}

#[test]
fn what_a_lost_engine_left_in_files_is_removed_by_the_next_one() {
    let Some(session) = Session::start("what_a_lost_engine_left_in_files") else { return };
    let project = TestProject::new(CONFIGURATION);
    session.set(&project, "shop/db", VALUE);
    session.succeed(&project, &["up", "-d"]);
    let secrets = project.home.home().secrets();
    let left = secrets.join("0123456789abcdef0123456789abcdef");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("DB_FILE"), VALUE).unwrap();
    project.kill("kinfra host");
    session.succeed(&project, &["up", "-d"]);
    assert!(!left.exists());
    // What goes on keeps its own, and its probe finds it.
    assert_eq!(files(&secrets).len(), 1);
    project.wait_for_node("api", "healthy", |node| node.health == kinfra_rpc::Health::Healthy);
    session.succeed(&project, &["down"]);
    wait_until("the files of secrets to be gone", SOON, || files(&secrets).is_empty());
}
