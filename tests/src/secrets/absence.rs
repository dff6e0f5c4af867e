//! Without a keyring, and with one that comes up later.

use kinfra_rpc::{ErrorCode, Phase};

use super::VALUE;
use super::session::Session;
use crate::TestProject;

const CONFIGURATION: &str = r#"
project: shop
services:
  api:
    run: '[ "$DB" = correct-horse-battery-staple ] && [ -z "$KINFRA_SECRET_SHOP_DB" ] && exec MISBEHAVE serve'
    env: {DB: '${secret:shop/db}'}
    restart: never
"#;

#[test]
fn without_a_keyring_the_variable_is_named_and_is_enough() {
    let Some(session) = Session::without_keyring("without_a_keyring_the_variable_is_named") else { return };
    let project = TestProject::new(CONFIGURATION);
    let refused = session.set(&project, "shop/db", VALUE);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("the secret shop/db can't be stored: no keyring answers"), "{refused:?}");
    assert!(refused.stderr.contains("set KINFRA_SECRET_SHOP_DB in the environment"), "{refused:?}");
    let listed = session.succeed(&project, &["secret", "list"]);
    assert!(listed.starts_with("No keyring answers"), "{listed}");

    let failed = session.kinfra(&project, &["up", "-d"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("KINFRA_SECRET_SHOP_DB"), "{failed:?}");
    let problem = project.wait_for_phase("api", Phase::Failed).problem.unwrap();
    assert_eq!(problem.code, ErrorCode::KeyringAbsent);
    assert!(problem.message.starts_with("the secret shop/db can't be read: no keyring answers"), "{problem}");
    session.succeed(&project, &["quit"]);

    let mut up = project.command(&["up", "-d"]);
    let up = session.adopt(&mut up).env("KINFRA_SECRET_SHOP_DB", VALUE).output().unwrap();
    assert!(up.status.success(), "{up:?}");
    let listed = session.succeed(&project, &["secret", "list"]);
    assert!(listed.contains("KINFRA_SECRET_SHOP_DB  shop/api"), "{listed}");
    session.succeed(&project, &["down"]);
}

#[test]
fn a_keyring_that_comes_up_later_is_found_without_a_restart() {
    let Some(mut session) = Session::without_keyring("a_keyring_that_comes_up_later") else { return };
    let project = TestProject::new(CONFIGURATION);
    assert_eq!(session.kinfra(&project, &["up", "-d"]).code, Some(1));
    let engine = || project.home.engine();
    let before = engine().unwrap().pid;

    session.begin_keyring();
    let failed = session.kinfra(&project, &["up", "-d"]);
    let problem = project.wait_for_phase("api", Phase::Failed).problem.unwrap();
    assert_eq!(problem.code, ErrorCode::SecretUnavailable, "{failed:?}");
    assert!(problem.hint.unwrap().contains("kinfra secret set shop/db"));
    assert_eq!(session.set(&project, "shop/db", VALUE).code, Some(0));
    session.succeed(&project, &["up", "-d"]);
    assert_eq!(engine().unwrap().pid, before);
    session.succeed(&project, &["down"]);
}

#[test]
fn what_a_project_declares_needs_no_keyring() {
    let Some(session) = Session::without_keyring("what_a_project_declares_needs_no_keyring") else { return };
    let project = TestProject::new(
        &CONFIGURATION
            .replace("services:", "secrets: {shop/db: 'cmd:echo looking >&2; cat where-it-is'}\nservices:"),
    );
    let failed = session.kinfra(&project, &["up", "-d"]);
    let problem = project.wait_for_phase("api", Phase::Failed).problem.unwrap();
    assert_eq!(problem.code, ErrorCode::SecretUnavailable, "{failed:?}");
    assert!(problem.message.contains("cat: where-it-is: No such file"), "{problem}");
    std::fs::write(project.folder().join("where-it-is"), VALUE).unwrap();
    session.succeed(&project, &["up", "-d"]);
    let listed = session.succeed(&project, &["secret", "list"]);
    assert!(listed.contains("cmd:echo looking >&2; cat where-it-is"), "{listed}");
    session.succeed(&project, &["down"]);
}
