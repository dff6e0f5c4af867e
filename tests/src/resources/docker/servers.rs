//! The servers that our templates start, used by real clients with nothing but what the templates offer.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kinfra_rpc::{Health, NodeKind, Phase};

use super::{PASSWORD, SOON, on_docker};
use crate::docker::Docker;
use crate::{TestProject, wait_for};

/// What depends on it is told of it by variables, and writes them down.
const CLIENT: &str = "services:
  client: {run: 'env > told; exec MISBEHAVE serve', depends_on: [db]}
";

struct Started {
    docker: Docker,
    project: TestProject,
    image: String,
    /// Those of the client that begin with `DB_`.
    told: BTreeMap<String, String>,
}

fn start(test: &str, template: &str) -> Option<Started> {
    let resource = format!("db: {{template: {template}, variant: docker, password: '${{secret:db}}'}}");
    let configuration = format!("project: shop\nresources:\n  {resource}\n{CLIENT}");
    let (docker, project) = on_docker(test, &[template], &configuration)?;
    let image = docker.need(template);
    project.succeed(&["up", "-d"]);
    let db = project.node("db");
    assert_eq!((db.kind, db.phase, db.health), (NodeKind::Resource, Phase::Running, Health::Healthy));
    assert_eq!(db.restarts, 0, "{db:#?}");
    let environment = std::fs::read_to_string(project.folder().join("told")).unwrap();
    let told = environment.lines().filter_map(|line| line.split_once('='));
    let told = told.filter(|(name, _)| name.starts_with("DB_"));
    let told = told.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Started { docker, project, image, told })
}

impl Started {
    /// What a client prints that runs in a container of the same image, on the machine's own network.
    #[track_caller]
    fn client(&self, script: &str) -> String {
        let variables: Vec<String> =
            self.told.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut arguments = vec!["run", "--rm", "--network", "host", "--entrypoint", "sh"];
        arguments.extend(variables.iter().flat_map(|variable| ["--env", variable.as_str()]));
        arguments.extend([self.image.as_str(), "-c", script]);
        self.docker.succeed(&arguments)
    }

    #[track_caller]
    fn told(&self, name: &str) -> &str {
        self.told.get(name).unwrap_or_else(|| panic!("no {name} in {:#?}", self.told))
    }

    #[track_caller]
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(format!("127.0.0.1:{}", self.told("DB_PORT"))).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream
    }

    fn end(self) {
        self.project.succeed(&["down"]);
        self.docker.wait_for_end_of("kinfra-shop-db");
    }
}

#[test]
fn postgres_serves_whoever_was_told_of_it() {
    let Some(db) = start("postgres_serves_whoever_was_told_of_it", "postgres") else { return };
    let sum = db.client(
        "psql \"$DB_URL\" -qAt -c 'create table t (i int)' -c 'insert into t values (40), (2)' \
         -c 'select sum(i) from t'",
    );
    assert_eq!(sum, "42\n");
    // Its password is one: another one is refused.
    let refused = db.client(
        "PGPASSWORD=another psql -h 127.0.0.1 -p $DB_PORT -U $DB_USER -d $DB_DATABASE -c 'select 1' 2>&1 || true",
    );
    assert!(refused.contains("password authentication failed"), "{refused}");
    db.end();
}

#[test]
fn mariadb_serves_whoever_was_told_of_it() {
    let Some(db) = start("mariadb_serves_whoever_was_told_of_it", "mariadb") else { return };
    let ask = |password: &str| {
        format!(
            "MYSQL_PWD={password} mariadb -h 127.0.0.1 -P $DB_PORT -u $DB_USER -N $DB_DATABASE -e \
             'create table t (i int); insert into t values (40), (2); select sum(i) from t' 2>&1 || true"
        )
    };
    assert_eq!(db.client(&ask("$DB_PASSWORD")), "42\n");
    let refused = db.client(&ask("another"));
    assert!(refused.contains("Access denied"), "{refused}");
    db.end();
}

#[test]
fn redis_serves_whoever_was_told_of_it() {
    let Some(db) = start("redis_serves_whoever_was_told_of_it", "redis") else { return };
    let got = db.client("export REDISCLI_AUTH=$DB_PASSWORD; for it in 'set a 42' 'get a'; do redis-cli -h 127.0.0.1 -p $DB_PORT $it; done");
    assert_eq!(got, "OK\n42\n");
    let refused = db.client("redis-cli -h 127.0.0.1 -p $DB_PORT get a");
    assert!(refused.contains("NOAUTH"), "{refused}");
    db.end();
}

#[test]
fn nats_serves_whoever_was_told_of_it() {
    let Some(db) = start("nats_serves_whoever_was_told_of_it", "nats") else { return };
    let mut stream = BufReader::new(db.connect());
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        line
    };
    let information = line();
    assert!(information.starts_with("INFO ") && information.contains("\"jetstream\":true"), "{information}");
    let (user, password) = (db.told("DB_USER"), db.told("DB_PASSWORD"));
    let mut out = db.connect();
    let mut lines = BufReader::new(out.try_clone().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("INFO "));
    let options = format!("{{\"verbose\":false,\"user\":\"{user}\",\"pass\":\"{password}\"}}");
    write!(out, "CONNECT {options}\r\nSUB greeting 1\r\nPUB greeting 5\r\nhello\r\n").unwrap();
    assert_eq!((lines.next().unwrap(), lines.next().unwrap()), ("MSG greeting 1 5".into(), "hello".into()));
    // A stream of JetStream's is made.
    let stream = r#"{"name":"ORDERS","subjects":["orders"]}"#;
    write!(out, "SUB inbox 2\r\nPUB $JS.API.STREAM.CREATE.ORDERS inbox {}\r\n{stream}\r\n", stream.len())
        .unwrap();
    let (_, answer) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(answer.contains("stream_create_response") && !answer.contains("\"error\""), "{answer}");

    let mut refused = db.connect();
    write!(refused, "CONNECT {{\"user\":\"{user}\",\"pass\":\"another\"}}\r\nPING\r\n").unwrap();
    let mut answer = String::new();
    refused.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("-ERR 'Authorization Violation'"), "{answer}");
    db.end();
}

/// Opens a connection of AMQP 0-9-1. None where the server closes it before its first word, as it does one that comes too
/// early.
fn begin_amqp(mut stream: TcpStream) -> Option<TcpStream> {
    stream.write_all(b"AMQP\0\0\x09\x01").unwrap();
    assert_eq!(method(&mut stream)?, 10, "the server's start");
    Some(stream)
}

/// Gives the method that answers the login: 30 is `tune`.
fn log_in_by_amqp(mut stream: TcpStream, user: &str, password: &str) -> Option<u16> {
    let response = format!("\0{user}\0{password}");
    let mut payload = vec![0, 10, 0, 11, 0, 0, 0, 0, 5];
    payload.extend(b"PLAIN");
    payload.extend(u32::try_from(response.len()).unwrap().to_be_bytes());
    payload.extend(response.as_bytes());
    payload.extend(b"\x05en_US");
    let mut frame = vec![1, 0, 0];
    frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend(payload);
    frame.push(0xCE);
    stream.write_all(&frame).unwrap();
    method(&mut stream)
}

/// The next method of the class `connection`. None where it is closed instead.
fn method(stream: &mut TcpStream) -> Option<u16> {
    let mut head = [0; 7];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes(head[3..].try_into().unwrap());
    let mut payload = vec![0; usize::try_from(length).unwrap() + 1];
    stream.read_exact(&mut payload).ok()?;
    assert_eq!((head[0], &payload[..2]), (1, &[0, 10][..]));
    Some(u16::from_be_bytes([payload[2], payload[3]]))
}

#[test]
fn rabbitmq_serves_whoever_was_told_of_it() {
    let Some(db) = start("rabbitmq_serves_whoever_was_told_of_it", "rabbitmq") else { return };
    let (user, password) = (db.told("DB_USER"), db.told("DB_PASSWORD"));
    assert_eq!(password, PASSWORD);
    assert_eq!(db.told("DB_URL"), format!("amqp://{user}:{password}@127.0.0.1:{}/", db.told("DB_PORT")));
    // It takes connections some moments before it takes logins.
    wait_for("RabbitMQ to let its user in", SOON, || {
        let stream = begin_amqp(db.connect())?;
        (log_in_by_amqp(stream, user, password) == Some(30)).then_some(())
    });
    let stream = begin_amqp(db.connect()).expect("the server's start");
    assert_ne!(log_in_by_amqp(stream, user, "another"), Some(30));

    let pages = db.docker.succeed(&["port", "kinfra-shop-db", "15672/tcp"]);
    let login = STANDARD.encode(format!("{user}:{password}"));
    let ask =
        format!("wget -q -O - --header 'Authorization: Basic {login}' http://{}/api/overview", pages.trim());
    let overview = wait_for("the management pages", SOON, || {
        let answer = db.docker.docker(&["run", "--rm", "--network", "host", "kinfra-test", "sh", "-c", &ask]);
        answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).into_owned())
    });
    assert!(overview.contains("rabbitmq_version"), "{overview}");
    db.end();
}
