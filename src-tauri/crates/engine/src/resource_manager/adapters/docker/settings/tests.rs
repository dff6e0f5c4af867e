use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Problem, Protocol};

use super::Declared;
use crate::resource_manager::adapter_alone;
use crate::resource_manager::adapters::docker::body;
use crate::resource_manager::adapters::docker::spec::{Image, Spec};
use crate::resource_manager::{Commands, Given, GivenPort, Outside, Place, Ran, Settings};
use crate::schema::tree::read;
use crate::schema::{Format, PortChoice, Reader, Run, Shape};

struct NoCommands;

impl Commands for NoCommands {
    fn run<'a>(&'a self, _: &'a Run, _: Duration) -> BoxFuture<'a, Result<Ran, Problem>> {
        std::future::ready(Err(Problem::new(ErrorCode::Internal, "no commands here"))).boxed()
    }
}

const FULL: &str = r#"
image: redis:7.4-alpine
pull: always
ports: {redis: 6379, http: {container: 8080, host: 8081}, either: {container: 90, host: [91, 92]}, dns: 53/udp}
command: [redis-server, --appendonly, "yes"]
entrypoint: exec "$@"
user: "999:999"
workdir: /data
hostname: cache-1
volumes: {data: /data}
mounts: {./conf.yaml: /etc/app.yaml, ../shared: {target: /shared, read_only: true}}
files: {/etc/nats.conf: "token: ${secret:token}"}
tmpfs: [/tmp, "/run:size=64m"]
memory: 512m
cpus: 1.5
shm: 64mb
healthcheck: none
hosts: {box: 10.0.0.2}
cap_add: [IPC_LOCK]
init: true
tty: true
"#;

fn given(expand: &dyn Fn(&str) -> Result<String, Problem>) -> Given<'_> {
    let port = |name: &str, protocol, port| GivenPort { name: name.to_owned(), protocol, port };
    Given {
        place: Place { home: "h1".to_owned(), instance: "shop".to_owned(), node: "cache".to_owned() },
        fingerprint: "f1".to_owned(),
        folder: PathBuf::from("/project"),
        ports: vec![
            port("redis", Protocol::Tcp, 20_001),
            port("http", Protocol::Tcp, 8081),
            port("either", Protocol::Tcp, 91),
            port("dns", Protocol::Udp, 20_002),
        ],
        environment: BTreeMap::from([("PASSWORD".to_owned(), "hunter2".to_owned())]),
        signal: None,
        grace: Duration::from_secs(10),
        expand,
        commands: Arc::new(NoCommands),
        outside: Arc::new(Outside::new(BTreeMap::new())),
    }
}

fn expand(text: &str) -> Result<String, Problem> {
    Ok(text.replace("${secret:token}", "s3cret"))
}

fn declared(text: &str) -> Result<Declared, String> {
    let mut reader = Reader::new(&PathBuf::from("kinfra.yaml"));
    let tree = read(text, Format::Yaml).0.unwrap();
    let declared = Declared::decode(&tree, &mut reader);
    let problems: Vec<_> = reader.into_problems().iter().map(ToString::to_string).collect();
    declared.filter(|_| problems.is_empty()).ok_or_else(|| problems.join("\n"))
}

fn spec(text: &str) -> Spec {
    declared(text).unwrap().resolve(&given(&expand)).unwrap()
}

fn fault(text: &str) -> String {
    declared(text).unwrap_err()
}

#[test]
fn everything_that_can_be_said_reaches_the_engine() {
    let spec = spec(FULL);
    let place = given(&expand).place;
    let mut body = serde_json::to_value(body::container(&place, &spec, false)).unwrap();
    // Of a hash, and not of what is tested here.
    body["Labels"]["dev.kinfra.settings"] = "FINGERPRINT".into();
    body.sort_all_objects();
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap());
}

#[test]
fn a_file_is_in_the_container_and_not_in_what_is_asked_for() {
    let spec = spec(FULL);
    assert_eq!(spec.files[0].content, "token: s3cret");
    let body = serde_json::to_string(&body::container(&given(&expand).place, &spec, false)).unwrap();
    assert!(!body.contains("s3cret"));
}

#[test]
fn the_ports_of_this_machine_are_asked_for_by_name() {
    let declared = declared(FULL).unwrap();
    let ports: Vec<_> = declared
        .ports()
        .into_iter()
        .map(|port| (port.name, port.setting.protocol, port.setting.choice))
        .collect();
    let expected = [
        ("redis", Protocol::Tcp, PortChoice::Auto),
        ("http", Protocol::Tcp, PortChoice::Fixed(8081)),
        ("either", Protocol::Tcp, PortChoice::Preferred(vec![91, 92])),
        ("dns", Protocol::Udp, PortChoice::Auto),
    ];
    assert_eq!(ports, expected.map(|(name, protocol, choice)| (name.to_owned(), protocol, choice)));
}

#[test]
fn secrets_may_stand_in_files_alone() {
    let declared = declared(FULL).unwrap();
    let texts = declared.texts();
    let secret: Vec<_> = texts.iter().filter(|text| text.may_hold_secrets).map(|text| text.text).collect();
    assert_eq!(secret, ["token: ${secret:token}"]);
    let plain: Vec<_> = texts.iter().filter(|text| !text.may_hold_secrets).map(|text| text.text).collect();
    for text in
        ["redis:7.4-alpine", "--appendonly", "exec \"$@\"", "999:999", "./conf.yaml", "/shared", "10.0.0.2"]
    {
        assert!(plain.contains(&text), "{text} is missing in {plain:?}");
    }
}

#[test]
fn a_build_is_named_by_its_resource_and_lies_in_the_project() {
    let Image::Built(recipe) = spec("build: ./infra/db").image else { panic!() };
    assert_eq!((recipe.name.as_str(), recipe.dockerfile.as_str()), ("kinfra-shop-cache", "Dockerfile"));
    assert_eq!(recipe.context, PathBuf::from("/project/infra/db"));
    let long = "build: {context: x, dockerfile: a/Dockerfile, args: {A: 1}, target: t}";
    let Image::Built(recipe) = spec(long).image else { panic!() };
    assert_eq!(recipe.dockerfile, "a/Dockerfile");
    assert_eq!(recipe.arguments, [("A".to_owned(), "1".to_owned())]);
    assert_eq!(recipe.target.as_deref(), Some("t"));
}

#[test]
fn faults_are_told_with_what_is_right() {
    let all = [
        fault("image: x\nports: {web: auto}"),
        fault("image: x\nports: {web: {host: 80}}"),
        fault("image: x\nports: {web: {container: 53, host: 53/udp}}"),
        fault("image: x\nvolumes: {data: data}"),
        fault("image: x\nmounts: {./a: b}"),
        fault("image: x\nmemory: lots"),
        fault("image: x\ncpus: 0"),
        fault("image: x\npull: sometimes"),
        fault("image: x\nextra_hosts: {}"),
        fault("build: {dockerfile: Dockerfile}"),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn what_no_container_could_be_made_of_is_told() {
    let refused = |text: &str, given: Given<'_>| {
        let failure = adapter_alone(&format!("type: docker\n{text}"), given).err().unwrap();
        failure.problems[0].to_string()
    };
    let problem = |text: &str| refused(text, given(&expand));
    let mut wrong = given(&expand);
    wrong.environment.insert("A=B".to_owned(), "hunter2".to_owned());
    let variable = refused("image: x", wrong);
    assert!(!variable.contains("hunter2"));
    let all = [
        problem("ports: {}"),
        problem("image: x\nbuild: ."),
        problem("image: x\nfiles: {etc/a: x}"),
        problem("image: x\nfiles: {/etc/../a: x}"),
        variable,
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn sizes_are_read_as_docker_reads_them() {
    let memory = |text: &str| spec(&format!("image: x\nmemory: {text}")).memory;
    assert_eq!(memory("512m"), Some(512 << 20));
    assert_eq!(memory("1.5g"), Some(3 << 29));
    assert_eq!(memory("64MB"), Some(64 << 20));
    assert_eq!(memory("1048576"), Some(1 << 20));
    assert_eq!(spec("image: x\ncpus: 0.5").cpus, Some(500_000_000));
}

#[test]
fn other_ports_or_another_fingerprint_are_other_settings() {
    let declared = declared(FULL).unwrap();
    let settings = |given: &Given<'_>| declared.resolve(given).unwrap().settings;
    let same = settings(&given(&expand));
    assert_eq!(settings(&given(&expand)), same);
    let other = Given { fingerprint: "f2".to_owned(), ..given(&expand) };
    assert_ne!(settings(&other), same);
    let mut moved = given(&expand);
    moved.ports[0].port = 20_003;
    assert_ne!(settings(&moved), same);
}
