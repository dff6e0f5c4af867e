//! The variants of templates that are plain processes, with the real programs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use kinfra_rpc::{Health, NodeKind, Phase};
use rustix::process::{Pid, Signal, kill_process};

use super::servers::{Served, have_servers};
use crate::{TestProject, wait_for};

const SOON: Duration = Duration::from_secs(60);
const PASSWORD: &str = "sesame-with-77";

const POSTGRES: &str = "
project: shop
resources:
  db: {template: postgres, variant: system, user: shop, database: orders, password: '${secret:db}'}
services:
  api:
    run: >-
      psql -v ON_ERROR_STOP=1 -Atc 'create table if not exists visits (n int)' -c 'insert into visits values (1)'
      -c \"select 'visits: ' || count(*) || ' of ' || current_user from visits\" && exec MISBEHAVE serve
    depends_on: [db]
    env:
      PGHOST: '${resources.db.host}'
      PGPORT: '${resources.db.port}'
      PGUSER: '${resources.db.user}'
      PGDATABASE: '${resources.db.database}'
      PGPASSWORD: '${resources.db.password}'
";

fn postgres() -> Served {
    Served::new(POSTGRES, &[("KINFRA_SECRET_DB", PASSWORD)])
}

#[test]
fn a_postgres_without_docker_is_set_up_once_and_keeps_its_data() {
    let test = "a_postgres_without_docker_is_set_up_once_and_keeps_its_data";
    if !have_servers(test, &["postgres", "initdb", "psql"]) {
        return;
    }
    let served = postgres();
    served.up();
    let db = served.project.node("db");
    assert_eq!((db.kind, db.phase, db.health), (NodeKind::Resource, Phase::Running, Health::Healthy));
    assert!(served.logs("api").contains("visits: 1 of shop"), "{}", served.logs("api"));
    served.is_on_no_command_line(PASSWORD);
    assert!(!served.logs("db").contains(PASSWORD));
    let data = served.data("db");
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let wrong = psql(&served, "another-password");
    assert!(!wrong.status.success() && wrong.text.contains("password authentication failed"), "{wrong:?}");

    served.project.succeed(&["down"]);
    let log = served.logs("db");
    assert!(log.contains("received fast shutdown request"), "{log}");
    assert!(!data.join("new").exists() && data.join("cluster").exists());
    served.up();
    assert!(served.logs("api").contains("visits: 2 of shop"), "{}", served.logs("api"));
    assert_eq!(served.logs("db").matches("setting up the data").count(), 1);
    served.project.succeed(&["down"]);
}

#[derive(Debug)]
struct Asked {
    status: std::process::ExitStatus,
    text: String,
}

fn psql(served: &Served, password: &str) -> Asked {
    let mut command = served.command("psql");
    let port = served.project.node("db").port.unwrap().to_string();
    command.args(["-h", "127.0.0.1", "-p", &port, "-U", "shop", "orders", "-Atc", "select 1"]);
    let output = command.env("PGPASSWORD", password).output().unwrap();
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    Asked { status: output.status, text }
}

#[test]
fn a_postgres_without_docker_goes_on_under_the_next_engine() {
    let test = "a_postgres_without_docker_goes_on_under_the_next_engine";
    if !have_servers(test, &["postgres", "initdb", "psql"]) {
        return;
    }
    let served = postgres();
    served.up();
    let before = served.project.node("db");
    served.project.kill("kinfra host");
    assert!(fs::exists(served.data("db").join("cluster/postmaster.pid")).unwrap());
    served.up();
    let after = served.project.node("db");
    assert_eq!((after.pid, after.port, after.restarts), (before.pid, before.port, 0), "{after:#?}");
    assert!(psql(&served, PASSWORD).status.success());
    served.project.succeed(&["down"]);
}

#[test]
fn a_postgres_whose_set_up_was_killed_is_set_up_anew() {
    let test = "a_postgres_whose_set_up_was_killed_is_set_up_anew";
    if !have_servers(test, &["postgres", "initdb", "psql"]) {
        return;
    }
    let served = postgres();
    let up = std::thread::scope(|scope| {
        let up = scope.spawn(|| served.kinfra(&["up", "-d"]));
        // In its middle: the folder is there, and the one that has it made is killed with all that it began.
        let half = served.data("db").join("new/base");
        let setting_up = wait_for("the data to be set up", SOON, || {
            let found: Vec<u32> = served
                .project
                .home
                .processes()
                .into_iter()
                .filter(|process| process.command.contains("/db/new"))
                .map(|process| process.pid)
                .collect();
            (half.exists() && !found.is_empty()).then_some(found)
        });
        for pid in setting_up.into_iter().filter_map(|pid| Pid::from_raw(pid.cast_signed())) {
            // One may have ended with the other.
            let _ = kill_process(pid, Signal::KILL);
        }
        up.join().unwrap()
    });
    drop(up);
    served.project.wait_for_node("db", "healthy", kinfra_rpc::NodeState::is_healthy);
    assert_eq!(served.logs("db").matches("setting up the data").count(), 2, "{}", served.logs("db"));
    assert!(psql(&served, PASSWORD).status.success());
    assert!(!served.data("db").join("new").exists());
    served.project.succeed(&["down"]);
}

#[test]
fn a_postgres_of_another_major_version_than_its_data_says_which_is_needed() {
    let test = "a_postgres_of_another_major_version_than_its_data_says_which_is_needed";
    if !have_servers(test, &["postgres", "initdb", "psql"]) {
        return;
    }
    let served = postgres();
    let cluster = served.data("db").join("cluster");
    fs::create_dir_all(&cluster).unwrap();
    fs::write(cluster.join("PG_VERSION"), "9\n").unwrap();
    let printed = served.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    let log = served.logs("db");
    let said = format!("the data in {} are of PostgreSQL 9, and installed is only", cluster.display());
    assert!(log.contains(&said) && log.contains("install PostgreSQL 9, or move that folder away"), "{log}");
    assert_eq!(fs::read_dir(&cluster).unwrap().count(), 1, "nothing was changed");
}

const REDIS: &str = "
project: shop
resources:
  cache: {template: redis, variant: system, password: '${secret:cache}', memory: 32mb}
services:
  api:
    run: >-
      redis-cli -h ${resources.cache.host} -p $CACHE_PORT incr visits && exec MISBEHAVE serve
    depends_on: [cache]
    env: {REDISCLI_AUTH: '${resources.cache.password}'}
";

#[test]
fn a_redis_without_docker_keeps_its_data_and_goes_on_under_the_next_engine() {
    let test = "a_redis_without_docker_keeps_its_data_and_goes_on_under_the_next_engine";
    if !have_servers(test, &["redis-server", "redis-cli"]) {
        return;
    }
    // What a configuration's own quotes would break.
    let password = "se\"same\\77 #";
    let served = Served::new(REDIS, &[("KINFRA_SECRET_CACHE", password)]);
    served.up();
    let cache = served.project.node("cache");
    assert!(cache.is_healthy() && cache.kind == NodeKind::Resource, "{cache:#?}");
    served.is_on_no_command_line(password);
    assert_eq!(ask_redis(&served, password, &["get", "visits"]), "1");
    assert_eq!(ask_redis(&served, password, &["config", "get", "maxmemory"]), "maxmemory\n33554432");
    assert!(ask_redis(&served, "another", &["get", "visits"]).contains("NOAUTH"));

    served.project.kill("kinfra host");
    served.up();
    let after = served.project.node("cache");
    assert_eq!((after.pid, after.restarts), (cache.pid, 0), "{after:#?}");
    served.project.succeed(&["down"]);
    let log = served.logs("cache");
    assert!(
        log.contains("Redis is now ready to exit") || log.contains("Valkey is now ready to exit"),
        "{log}"
    );
    served.up();
    assert_eq!(ask_redis(&served, password, &["get", "visits"]), "2");
    served.project.succeed(&["down"]);
}

fn ask_redis(served: &Served, password: &str, words: &[&str]) -> String {
    let mut command = served.command("redis-cli");
    let port = served.project.node("cache").port.unwrap().to_string();
    command.args(["-h", "127.0.0.1", "-p", &port]).args(words).env("REDISCLI_AUTH", password);
    let output = command.output().unwrap();
    let text =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    text.trim().to_owned()
}

#[test]
fn a_redis_that_is_not_installed_names_the_package() {
    let project = TestProject::new("resources: {cache: {template: redis, variant: system, password: x}}\n");
    let programs = project.folder().join("programs");
    fs::create_dir(&programs).unwrap();
    for program in ["sh", "sed"] {
        symlink(format!("/bin/{program}"), programs.join(program)).unwrap();
    }
    let output = project.command(&["up", "-d"]).env("PATH", &programs).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let log = project.succeed(&["logs", "cache"]);
    assert!(log.contains("Redis is not installed: install the package redis-server (Debian"), "{log}");
}

#[test]
fn a_nats_without_docker_has_streams_that_outlive_it_and_its_engine() {
    let test = "a_nats_without_docker_has_streams_that_outlive_it_and_its_engine";
    if !have_servers(test, &["nats-server"]) {
        return;
    }
    // Read as configuration, it would be a number.
    let password = "7700000000";
    let text = "project: shop\nresources:\n  bus: {template: nats, variant: system, user: shop, password: '${secret:bus}'}\n";
    let served = Served::new(text, &[("KINFRA_SECRET_BUS", password)]);
    served.up();
    let bus = served.project.node("bus");
    assert!(bus.is_healthy() && bus.kind == NodeKind::Resource, "{bus:#?}");
    served.is_on_no_command_line(password);
    let configuration = fs::read_to_string(served.data("bus").join("nats.conf")).unwrap();
    assert!(!configuration.contains(password), "{configuration}");
    let refused = Nats::connect(bus.port.unwrap(), "another").unwrap_err();
    assert!(refused.contains("Authorization Violation"), "{refused}");
    let mut nats = Nats::connect(bus.port.unwrap(), password).unwrap();
    let made = nats.ask("$JS.API.STREAM.CREATE.orders", r#"{"name":"orders","subjects":["orders.>"]}"#);
    assert!(made.contains(r#""name":"orders""#), "{made}");
    assert!(nats.ask("orders.one", "first").contains(r#""seq":1"#));

    served.project.kill("kinfra host");
    served.up();
    let after = served.project.node("bus");
    assert_eq!((after.pid, after.restarts), (bus.pid, 0), "{after:#?}");
    served.project.succeed(&["down"]);
    served.up();
    let bus = served.project.node("bus");
    let mut nats = Nats::connect(bus.port.unwrap(), password).unwrap();
    assert!(nats.ask("orders.two", "second").contains(r#""seq":2"#));
    served.project.succeed(&["down"]);
}

/// As much of its protocol as asks and hears one answer.
#[derive(Debug)]
struct Nats {
    lines: BufReader<TcpStream>,
    asked: u32,
}

impl Nats {
    /// Else what it says.
    fn connect(port: u16, password: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut nats = Self { lines: BufReader::new(stream), asked: 0 };
        assert!(nats.line().starts_with("INFO "));
        nats.say(&format!(r#"CONNECT {{"user":"shop","pass":"{password}","verbose":false}}"#));
        nats.say("PING");
        match nats.line() {
            line if line == "PONG" => Ok(nats),
            line => Err(line),
        }
    }

    fn ask(&mut self, subject: &str, text: &str) -> String {
        self.asked += 1;
        let number = self.asked;
        self.say(&format!("SUB _INBOX.{number} {number}"));
        self.say(&format!("PUB {subject} _INBOX.{number} {}\r\n{text}", text.len()));
        let header = self.line();
        assert!(header.starts_with("MSG "), "{header}");
        self.line()
    }

    fn say(&mut self, line: &str) {
        self.lines.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            self.lines.read_line(&mut line).unwrap();
            match line.trim_end() {
                "PING" => self.say("PONG"),
                line => return line.to_owned(),
            }
        }
    }
}
