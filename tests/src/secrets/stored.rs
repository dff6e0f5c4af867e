//! Setting, listing and deleting, seen by another program as well.

use std::io::{Read, Write};
use std::process::Stdio;

use super::VALUE;
use super::session::Session;
use crate::TestProject;

const CONFIGURATION: &str = "
project: shop
services:
  api: {run: [MISBEHAVE, serve], env: {DB: '${secret:shop/db}', MAIL: '${secret:mail}'}}
";

fn listed(session: &Session, project: &TestProject) -> Vec<(String, String)> {
    let list: serde_json::Value =
        serde_json::from_str(&session.succeed(project, &["secret", "list", "--json"])).unwrap();
    assert_eq!(list["keyring"]["status"], "available", "{list}");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let secrets = list["secrets"].as_array().unwrap().iter();
    secrets.map(|secret| (text(&secret["name"]), text(&secret["origin"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, origin)| ((*name).to_owned(), (*origin).to_owned())).collect()
}

#[test]
fn a_secret_is_set_listed_and_deleted_where_other_programs_find_it() {
    let Some(session) = Session::start("a_secret_is_set_listed_and_deleted") else { return };
    let project = TestProject::new(CONFIGURATION);
    project.succeed(&["add", "."]);
    let used = [("mail", "missing"), ("shop/db", "missing")];
    assert_eq!(listed(&session, &project), pairs(&used));

    // Without an engine, then with one, which is the same.
    for engine in [false, true] {
        if engine {
            session.set(&project, "mail", "enough-to-start");
            session.set(&project, "shop/db", "enough-to-start");
            session.succeed(&project, &["up", "-d"]);
            session.succeed(&project, &["secret", "delete", "shop/db"]);
            session.succeed(&project, &["secret", "delete", "mail"]);
        }
        let printed = session.set(&project, "shop/db", VALUE);
        assert_eq!(
            (printed.code, &*printed.stdout),
            (Some(0), "shop/db is in the keyring.\n"),
            "{printed:?}"
        );
        assert_eq!(session.lookup("shop/db").as_deref(), Some(VALUE));
        assert_eq!(listed(&session, &project), pairs(&[("mail", "missing"), ("shop/db", "keyring")]));
        session.set(&project, "shop/db", "another value\nof two lines");
        assert_eq!(session.lookup("shop/db").as_deref(), Some("another value\nof two lines"));
        let shown = session.succeed(&project, &["secret", "list"]);
        assert!(shown.contains("the keyring  shop/api") && !shown.contains("another"), "{shown}");
        assert_eq!(session.succeed(&project, &["secret", "delete", "shop/db"]), "shop/db is deleted.\n");
        assert_eq!(session.lookup("shop/db"), None);
        let again = session.succeed(&project, &["secret", "delete", "shop/db"]);
        assert_eq!(again, "The keyring has no secret shop/db.\n");
    }
    let mut store = session.command("secret-tool");
    store.args(["store", "--label", "x", "service", "kinfra", "username", "theirs"]);
    let mut store = store.stdin(Stdio::piped()).spawn().unwrap();
    store.stdin.take().unwrap().write_all(VALUE.as_bytes()).unwrap();
    assert!(store.wait().unwrap().success());
    assert!(listed(&session, &project).contains(&("theirs".to_owned(), "keyring".to_owned())));
}

#[test]
fn a_name_that_can_be_none_and_an_empty_value_are_refused() {
    let Some(session) = Session::start("a_name_that_can_be_none") else { return };
    let project = TestProject::new(CONFIGURATION);
    let refused = session.set(&project, "@tunnel/x", VALUE);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("does not begin with a letter"),
        "{refused:?}"
    );
    let refused = session.set(&project, "shop/db", "");
    assert!(refused.code == Some(2) && refused.stderr.contains("it is empty"), "{refused:?}");
    assert_eq!(session.lookup("shop/db"), None);
}

/// `script` gives it a terminal.
#[test]
fn what_is_typed_on_a_terminal_is_not_shown() {
    let Some(session) = Session::start("what_is_typed_on_a_terminal_is_not_shown") else { return };
    let project = TestProject::new(CONFIGURATION);
    let set = project.command(&["secret", "set", "shop/db"]);
    let line = format!("'{}' secret set shop/db", set.get_program().display());
    let mut terminal = session.command("script");
    terminal.args(["-qec", &line, "/dev/null"]).envs(project.home.environment());
    terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir(project.folder());
    let mut terminal = terminal.spawn().unwrap();
    let mut shown = terminal.stdout.take().unwrap();
    let mut told = Vec::new();
    // What is typed before the question may be shown by the terminal: nobody types that early.
    while !told.ends_with(b"shown): ") {
        let mut byte = [0];
        assert_eq!(shown.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&told));
        told.push(byte[0]);
    }
    terminal.stdin.take().unwrap().write_all(format!("{VALUE}\n").as_bytes()).unwrap();
    shown.read_to_end(&mut told).unwrap();
    assert!(terminal.wait().unwrap().success());
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("shop/db is in the keyring.") && !told.contains(VALUE), "{told:?}");
    assert_eq!(session.lookup("shop/db").as_deref(), Some(VALUE));
}
