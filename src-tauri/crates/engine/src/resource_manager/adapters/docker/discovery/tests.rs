use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Address, Choice, Tls, candidates};

fn choose(environment: &[(&str, &str)], there: &[&str], files: &[(&str, &str)]) -> Choice {
    try_choose(environment, there, files).unwrap()
}

fn try_choose(
    environment: &[(&str, &str)],
    there: &[&str],
    files: &[(&str, &str)],
) -> Result<Choice, kinfra_rpc::Problem> {
    let home = [("HOME", "/home/ada"), ("XDG_RUNTIME_DIR", "/run/user/7")];
    let environment: BTreeMap<_, _> = home
        .iter()
        .chain(environment)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let exists = |path: &Path| there.iter().any(|known| Path::new(known) == path);
    let read = |path: &Path| {
        files.iter().find(|(known, _)| Path::new(known) == path).map(|(_, text)| (*text).to_owned())
    };
    candidates(&environment, &exists, &read)
}

fn socket(path: &str) -> Address {
    Address::Socket(PathBuf::from(path))
}

const CONFIG: &str = "/home/ada/.docker/config.json";
/// The folder of `colima`, which is the hash of its name.
const COLIMA: &str = "f24fd3749c1368328e2b149bec149cb6795619f244c5b584e844961215dadd16";

#[test]
fn what_the_user_names_is_the_only_one() {
    let told = choose(&[("DOCKER_HOST", "unix:///tmp/d.sock")], &["/var/run/docker.sock"], &[]);
    assert_eq!(told, Choice::Told(socket("/tmp/d.sock"), "DOCKER_HOST".to_owned()));
    let told = choose(&[("DOCKER_HOST", "tcp://10.0.0.2:2375")], &[], &[]);
    assert_eq!(told, Choice::Told(Address::Tcp("10.0.0.2:2375".to_owned(), None), "DOCKER_HOST".to_owned()));
}

#[test]
fn an_engine_behind_tls_is_asked_with_the_keys_of_the_docker_command() {
    let folder = |told| match told {
        Choice::Told(Address::Tcp(_, Some(Tls { folder })), _) => folder,
        other => panic!("{other:?}"),
    };
    let secured = [("DOCKER_HOST", "tcp://box:2376"), ("DOCKER_TLS_VERIFY", "1")];
    assert_eq!(folder(choose(&secured, &[], &[])), Path::new("/home/ada/.docker"));
    let elsewhere = [secured[0], secured[1], ("DOCKER_CERT_PATH", "/keys")];
    assert_eq!(folder(choose(&elsewhere, &[], &[])), Path::new("/keys"));
}

#[test]
fn the_current_context_is_followed() {
    let meta = format!("/home/ada/.docker/contexts/meta/{COLIMA}/meta.json");
    let said =
        r#"{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///home/ada/.colima/default/docker.sock"}}}"#;
    let files = [(CONFIG, r#"{"currentContext":"colima"}"#), (meta.as_str(), said)];
    let expected = Choice::Told(
        socket("/home/ada/.colima/default/docker.sock"),
        "the Docker context `colima`".to_owned(),
    );
    assert_eq!(choose(&[], &["/var/run/docker.sock"], &files), expected);
    let by_environment = [("DOCKER_CONTEXT", "colima")];
    assert_eq!(choose(&by_environment, &[], &files[1..]), expected);
    // The default one is no context at all.
    let default = [("DOCKER_CONTEXT", "default")];
    assert!(matches!(choose(&default, &[], &files), Choice::Places { .. }));
}

#[test]
fn a_context_that_is_gone_is_told_and_nothing_else_is_taken() {
    let files = [(CONFIG, r#"{"currentContext":"gone"}"#)];
    let problem = try_choose(&[], &["/var/run/docker.sock"], &files).unwrap_err();
    assert!(problem.message.contains("`gone`"), "{problem}");
}

#[test]
fn without_a_word_every_usual_place_is_looked_at_docker_s_own_first() {
    let there = [
        "/run/podman/podman.sock",
        "/run/user/7/podman/podman.sock",
        "/home/ada/.rd/docker.sock",
        "/home/ada/.colima/default/docker.sock",
        "/home/ada/.orbstack/run/docker.sock",
        "/home/ada/.docker/desktop/docker.sock",
        "/home/ada/.docker/run/docker.sock",
        "/run/user/7/docker.sock",
        "/var/run/docker.sock",
    ];
    let Choice::Places { there: found, absent } = choose(&[], &there, &[(CONFIG, "{}")]) else { panic!() };
    assert_eq!(found, there.iter().rev().map(|path| socket(path)).collect::<Vec<_>>());
    assert_eq!(absent, [socket("/home/ada/.config/colima/default/docker.sock")]);
}

#[test]
fn without_a_home_or_session_there_are_still_the_places_of_the_system() {
    let environment = BTreeMap::new();
    let choice = candidates(&environment, &|_| false, &|_| None).unwrap();
    let absent = vec![socket("/var/run/docker.sock"), socket("/run/podman/podman.sock")];
    assert_eq!(choice, Choice::Places { there: vec![], absent });
}

#[test]
fn what_can_t_be_spoken_is_refused_with_a_way_out() {
    let problem = try_choose(&[("DOCKER_HOST", "ssh://ada@box")], &[], &[]).unwrap_err();
    insta::assert_snapshot!(problem, @r"
    the Docker engine at ssh://ada@box can't be asked: KInfra speaks no ssh
      hint: lead its socket here: `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock ada@box`, and set DOCKER_HOST=unix:///tmp/docker.sock
    ");
    let problem = try_choose(&[("DOCKER_HOST", "fd://")], &[], &[]).unwrap_err();
    insta::assert_snapshot!(problem, @r"
    `fd://` is no address of a Docker engine
      hint: for example `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`
    ");
}
