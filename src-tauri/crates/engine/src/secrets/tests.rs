//! Where a secret comes from, and what is said when it comes from nowhere.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::Problem;
use tokio::time::{Instant, timeout};

use super::command::run_within;
use super::{FakeKeyring, SecretError, SecretText, Secrets, Sources};
use crate::config::SecretSource;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn vault(environment: &[(&str, &str)], keyring: &Arc<FakeKeyring>) -> Secrets {
    Secrets::with(map(environment), BTreeMap::new(), keyring.clone())
}

fn sources(declared: &[(&str, SecretSource)]) -> Sources {
    let declared = declared.iter().map(|(name, source)| ((*name).to_owned(), source.clone())).collect();
    let environment = map(&[("PATH", "/usr/bin:/bin"), ("OF_SERVICES", "from the environment")]);
    Sources { declared, environment, folder: None }
}

fn command(line: &str) -> SecretSource {
    SecretSource::Command(line.to_owned())
}

fn told(result: Result<SecretText, SecretError>) -> String {
    Problem::from(result.map(|_| panic!("it was resolved")).unwrap_err()).to_string()
}

#[tokio::test]
async fn what_is_declared_wins_over_the_environment_and_that_over_the_keyring() {
    let keyring = FakeKeyring::with(&[("shop/db", "of the keyring"), ("other", "also of the keyring")]);
    let vault = vault(&[("KINFRA_SECRET_SHOP_DB", "of KInfra's environment")], &keyring);
    let resolved =
        async |name: &str, sources: &Sources| vault.resolve(name, sources).await.unwrap().reveal().to_owned();
    let none = Sources::default();
    assert_eq!(resolved("other", &none).await, "also of the keyring");
    assert_eq!(resolved("shop/db", &none).await, "of KInfra's environment");
    let declared = sources(&[("shop/db", SecretSource::Variable("OF_SERVICES".to_owned()))]);
    assert_eq!(resolved("shop/db", &declared).await, "from the environment");
    let declared = sources(&[("shop/db", command("echo \"of a command: $OF_SERVICES\""))]);
    assert_eq!(resolved("shop/db", &declared).await, "of a command: from the environment");
}

#[tokio::test]
async fn the_users_settings_say_where_a_secret_comes_from_unless_the_project_does() {
    let keyring = FakeKeyring::with(&[]);
    let mine = BTreeMap::from([("db".to_owned(), command("echo mine"))]);
    let vault = Secrets::with(BTreeMap::new(), mine, keyring);
    let resolved = async |sources: Sources| vault.resolve("db", &sources).await.unwrap();
    assert_eq!(resolved(sources(&[])).await.reveal(), "mine");
    assert_eq!(resolved(sources(&[("db", command("echo of the project"))])).await.reveal(), "of the project");
}

#[tokio::test]
async fn a_keyring_that_goes_comes_and_is_changed_counts_at_once() {
    let keyring = FakeKeyring::with(&[]);
    let (vault, none) = (vault(&[], &keyring), Sources::default());
    keyring.go();
    insta::assert_snapshot!(told(vault.resolve("shop/db", &none).await), @r"
    the secret shop/db can't be read: no keyring answers (no session bus)
      hint: set KINFRA_SECRET_SHOP_DB in the environment before KInfra starts, or start a keyring (such as gnome-keyring or KWallet) and try again; it is never kept in a file
    ");
    keyring.come();
    insta::assert_snapshot!(told(vault.resolve("shop/db", &none).await), @r"
    the secret shop/db is not set
      hint: kinfra secret set shop/db puts it into the keyring; without a keyring, set KINFRA_SECRET_SHOP_DB before KInfra starts
    ");
    vault.set("shop/db", SecretText::new("new")).await.unwrap();
    assert_eq!(vault.resolve("shop/db", &none).await.unwrap().reveal(), "new");
    assert!(vault.delete("shop/db").await.unwrap());
    assert!(!vault.delete("shop/db").await.unwrap());
    keyring.lock();
    insta::assert_snapshot!(told(vault.resolve("shop/db", &none).await), @r"
    the secret shop/db can't be read: the keyring is locked
      hint: unlock it, as by logging in to the desktop or with its password, and try again
    ");
    assert_eq!(keyring.questions(), 0);
}

#[tokio::test]
async fn what_can_be_no_secret_is_refused_by_name() {
    let vault = vault(&[], &FakeKeyring::with(&[]));
    let refused = async |name: &str, value: &str| {
        Problem::from(vault.set(name, SecretText::new(value)).await.unwrap_err()).to_string()
    };
    insta::assert_snapshot!(refused("a b", "x").await, @r#"
    "a b" can't be the name of a secret: it holds something else than letters, digits, `.`, `_`, `-` and `/`
      hint: a name begins with a letter and goes on with letters, digits, `.`, `_`, `-` and `/`, such as shop/database
    "#);
    insta::assert_snapshot!(refused("db", "").await, @"the secret db can't have this value: it is empty");
    assert!(refused("db", "x\0hunter2").await.contains("NUL"));
    assert!(!refused("db", "x\0hunter2").await.contains("hunter2"));
    assert!(refused("db", &"x".repeat(70_000)).await.contains("64 KiB"));
}

#[tokio::test]
async fn what_kinfra_holds_itself_is_found_by_a_name_that_no_user_can_write() {
    let vault = vault(&[], &FakeKeyring::with(&[]));
    let none = Sources::default();
    assert!(vault.resolve("@tunnel/shop", &none).await.is_err());
    vault.hold("@tunnel/shop", SecretText::new("held"));
    assert_eq!(vault.resolve("@tunnel/shop", &none).await.unwrap().reveal(), "held");
    assert!(vault.set("@tunnel/shop", SecretText::new("x")).await.is_err());
    vault.drop("@tunnel/shop");
    assert!(vault.resolve("@tunnel/shop", &none).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_locked_keyring_asks_its_user_once_and_everybody_goes_on_when_it_is_unlocked() {
    let keyring = FakeKeyring::with(&[("a", "1"), ("b", "2")]);
    keyring.lock();
    let vault = vault(&[], &keyring);
    let told = std::sync::Mutex::new(0);
    let resolve = async |name: &str| {
        let value = vault.resolve_patiently(name, &Sources::default(), |_| *told.lock().unwrap() += 1).await;
        value.unwrap().reveal().to_owned()
    };
    let answered = async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        keyring.answer(true);
    };
    let (a, b, ()) = tokio::join!(resolve("a"), resolve("b"), answered);
    assert_eq!((&*a, &*b), ("1", "2"));
    assert_eq!((keyring.questions(), *told.lock().unwrap()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_was_closed_is_not_repeated_and_unlocking_by_other_means_is_seen() {
    let keyring = FakeKeyring::with(&[("a", "1")]);
    keyring.lock();
    keyring.answer(false);
    let vault = vault(&[], &keyring);
    let (start, none) = (Instant::now(), Sources::default());
    let unlocked = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        keyring.come();
    };
    let (value, ()) = tokio::join!(vault.resolve_patiently("a", &none, |_| {}), unlocked);
    assert_eq!(value.unwrap().reveal(), "1");
    assert!(start.elapsed() < Duration::from_secs(63), "{:?}", start.elapsed());
    assert_eq!(keyring.questions(), 1);
    keyring.lock();
    let never = vault.resolve_patiently("a", &none, |_| {});
    let never = timeout(Duration::from_secs(3_600), never).await.expect("nobody waits for ever");
    assert!(never.unwrap_err().is_locked());
    // A change is asked for by somebody who sits there.
    assert!(vault.set("a", SecretText::new("3")).await.unwrap_err().is_locked());
}

#[tokio::test]
async fn a_command_that_does_not_tell_is_told_of_without_what_it_printed() {
    let failed = async |line: &str| {
        let limit = Duration::from_millis(500);
        let failed = run_within(limit, "db", &command(line), &sources(&[])).await;
        let told = told(failed);
        assert!(!told.contains("printed-secret"), "{told}");
        told
    };
    insta::assert_snapshot!(failed("printf printed-%s secret; echo first >&2; echo no such entry >&2; exit 3").await, @r"
    the secret db can't be read from cmd:printf printed-%s secret; echo first >&2; echo no such entry >&2; exit 3: it ended with exit status: 3: no such entry
      hint: run the command by hand in the project's folder: it must print the value and end with 0
    ");
    assert!(failed(":").await.contains("it printed nothing"));
    assert!(failed("head -c 70000 /dev/zero").await.contains("more than 64 KiB"));
    assert!(failed(r"printf '\377'").await.contains("no text"));
    assert!(failed("exec sleep 60").await.contains("no answer within 0.5 s"));
}

#[tokio::test]
async fn nothing_of_a_command_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("pid");
    let line = format!("sh -c 'echo $$ > {}; exec sleep 60' & sleep 60", mark.display());
    let failed = run_within(Duration::from_millis(500), "db", &command(&line), &sources(&[])).await;
    assert!(failed.is_err());
    let pid = std::fs::read_to_string(&mark).unwrap();
    let gone = || {
        // A zombie has ended, and waits for nobody of ours.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while !gone() {
        assert!(Instant::now() < deadline, "{pid} is left");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_password_is_asked_by_its_own_program_and_its_absence_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let op = folder.path().join("op");
    let source = SecretSource::OnePassword("op://dev/db/password".to_owned());
    let mut sources = sources(&[("db", source)]);
    sources.environment.insert("PATH".to_owned(), folder.path().display().to_string());
    let vault = vault(&[], &FakeKeyring::with(&[]));
    insta::assert_snapshot!(told(vault.resolve("db", &sources).await), @r"
    the secret db can't be read from op://dev/db/password: op can't be run: No such file or directory (os error 2)
      hint: install 1Password's command line tool (op), sign in with it (op signin), and look at the reference with: op read
    ");
    std::fs::write(
        &op,
        "#!/bin/sh\n[ \"$*\" = 'read --no-newline op://dev/db/password' ] && printf 'a\nb\n'",
    )
    .unwrap();
    std::fs::set_permissions(&op, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(vault.resolve("db", &sources).await.unwrap().reveal(), "a\nb");
}
