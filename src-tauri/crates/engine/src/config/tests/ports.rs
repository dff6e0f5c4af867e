//! Ports: how they are written, which one is the main one, and every error about them.

use std::path::PathBuf;

use insta::assert_snapshot;
use kinfra_rpc::{PortRange, Protocol};

use super::{faults, spec};
use crate::config::{PortChoice, PortSpec, ProjectPorts, port_variable};

fn ports(service: &str) -> Vec<PortSpec> {
    let text = format!("services: {{api: {{run: x, {service}}}}}");
    let project = spec(&text);
    assert_eq!(project.services[0].main_port(), project.services[0].ports.first());
    project.services[0].ports.clone()
}

fn names(service: &str) -> Vec<String> {
    ports(service).into_iter().map(|port| port.name).collect()
}

#[test]
fn a_port_without_a_name_is_http() {
    let http = |protocol, choice| vec![PortSpec { name: "http".into(), protocol, choice }];
    for (text, expected) in [
        ("dir: .", http(Protocol::Tcp, PortChoice::Auto)),
        ("port: auto", http(Protocol::Tcp, PortChoice::Auto)),
        ("port: auto/tcp", http(Protocol::Tcp, PortChoice::Auto)),
        ("port: auto/udp", http(Protocol::Udp, PortChoice::Auto)),
        ("port: 3000", http(Protocol::Tcp, PortChoice::Fixed(3000))),
        ("port: '3000'", http(Protocol::Tcp, PortChoice::Fixed(3000))),
        ("port: 53/udp", http(Protocol::Udp, PortChoice::Fixed(53))),
        ("port: [3001, 3000]", http(Protocol::Tcp, PortChoice::Preferred(vec![3001, 3000]))),
        ("port: [5353/udp, 53/udp]", http(Protocol::Udp, PortChoice::Preferred(vec![5353, 53]))),
        ("port: none", vec![]),
    ] {
        assert_eq!(ports(text), expected, "{text}");
    }
}

#[test]
fn the_main_port_comes_first_and_the_others_in_the_order_of_the_file() {
    for (text, expected) in [
        ("ports: {metrics: auto, http: 80, admin: auto}", ["http", "metrics", "admin"]),
        ("ports: {dns: auto/udp, metrics: 9464, admin: [9000, 9001]}", ["metrics", "dns", "admin"]),
        ("ports: {c: 1/udp, a: 2/udp, b: 3/udp}", ["c", "a", "b"]),
        ("ports: {grpc: auto, web: auto, http: 53/udp}", ["http", "grpc", "web"]),
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
}

#[test]
fn a_named_port_is_the_same_as_one_without_a_name() {
    assert_eq!(ports("ports: {http: [80, 81]}"), ports("port: [80, 81]"));
}

#[test]
fn the_project_says_where_ports_are_chosen_and_written_down() {
    let of = |text: &str| spec(&format!("{text}\nservices: {{web: {{run: x, port: 80}}}}")).ports;
    assert_eq!(of(""), ProjectPorts::default());
    assert_eq!(of("ports:"), ProjectPorts::default());
    let expected = |first, last, files: &[&str]| ProjectPorts {
        range: PortRange::new(first, last),
        env_files: files.iter().map(PathBuf::from).collect(),
    };
    assert_eq!(
        of("ports: {range: 8000-8999, env_files: [.env, ./apps/web/.env.local, /abs/.env]}"),
        expected(8000, 8999, &["/shop/.env", "/shop/apps/web/.env.local", "/abs/.env"])
    );
    assert_eq!(of("ports: {range: 8000 - 8000, env_files: .env}"), expected(8000, 8000, &["/shop/.env"]));
}

#[test]
fn a_ports_name_is_that_of_a_variable() {
    assert_eq!(port_variable("metrics"), "PORT_METRICS");
    assert_eq!(port_variable("Dev-tools_2"), "PORT_DEV_TOOLS_2");
}

#[test]
fn a_port_that_is_none_says_what_would_be_one() {
    assert_snapshot!(faults("
services:
  zero: {run: x, port: 0}
  sign: {run: x, port: +80/udp}
  other: {run: x, port: 53/sctp}
  nothing: {run: x, port: none/udp}
  published: {run: x, port: '8080:80'}
  empty: {run: x, port: []}
  chosen: {run: x, port: [3000, auto]}
  twice: {run: x, port: [3000, 3001, 3000]}
  mixed: {run: x, port: [3000, 3001/udp]}
  named: {run: x, ports: {http: none, metrics: 70000, admin: []}}
"), @"
    /shop/kinfra.yaml:3:24: `services.zero.port` is `0`, but must be a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:4:24: `services.sign.port` is `+80/udp`, but must be a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:5:25: `services.other.port` is `53/sctp`, but must be a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:6:27: `services.nothing.port` is `none/udp`, but must be a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:7:29: `services.published.port` is `8080:80`, but must be a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:8:25: `services.empty.port` is an empty list, but must be a number from 1 to 65535, a list of such numbers, `auto` or `none`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:9:33: `services.chosen.port` is `auto`, but must be a number from 1 to 65535 in a list; for UDP `53/udp`
      hint: leave it out: when none of the list can be had, KInfra chooses another
    /shop/kinfra.yaml:10:38: `services.twice.port` names the port 3000 twice
      hint: take one of them away
    /shop/kinfra.yaml:11:32: `services.mixed.port` is `3001/udp`, but must be of the same protocol as the others in the list
    /shop/kinfra.yaml:12:33: `services.named.ports.http` is `none`, but must be a number from 1 to 65535, a list of such numbers, or `auto`; for UDP `53/udp` or `auto/udp`
      hint: leave out what the service doesn't have
    /shop/kinfra.yaml:12:48: `services.named.ports.metrics` is `70000`, but must be a number from 1 to 65535, a list of such numbers, or `auto`; for UDP `53/udp` or `auto/udp`
    /shop/kinfra.yaml:12:62: `services.named.ports.admin` is an empty list, but must be a number from 1 to 65535, a list of such numbers, or `auto`; for UDP `53/udp` or `auto/udp`
    ");
}

#[test]
fn ports_that_are_no_map_say_how_they_are_written() {
    assert_snapshot!(faults("
services:
  one: {run: 'x ${services.list.ports.metrics}', ports: 3000}
  list: {run: x, ports: ['8080:80']}
  empty: {run: x, ports: {}, health: {http: /}}
"), @"
    /shop/kinfra.yaml:3:57: `services.one.ports` is `3000`, but must be a map from names to ports, such as `{http: auto, metrics: 9464}`
      hint: a single port is written with `port`
    /shop/kinfra.yaml:4:25: `services.list.ports` is a list, but must be a map from names to ports, such as `{http: auto, metrics: 9464}`
      hint: a single port is written with `port`
    /shop/kinfra.yaml:5:26: `services.empty.ports` is empty
      hint: a service that serves nothing says `port: none` instead
    ");
}

#[test]
fn a_service_writes_its_ports_in_one_way() {
    assert_snapshot!(faults("
services:
  a: {run: x, port: 3000, ports: {metrics: auto}}
  b: {run: x, port: 53/udp, ports: {metrics: auto}}
  c: {run: x, port: auto, ports: {metrics: auto, http: auto}}
  d: {run: x, port: none, ports: {metrics: auto}}
"), @"
    /shop/kinfra.yaml:3:21: `services.a` has both `port` and `ports`
      hint: keep `ports`, with `http: 3000` in it
    /shop/kinfra.yaml:4:21: `services.b` has both `port` and `ports`
      hint: keep `ports`, with `http: 53/udp` in it
    /shop/kinfra.yaml:5:21: `services.c` has both `port` and `ports`
      hint: keep `ports`, whose `http` is the main port
    /shop/kinfra.yaml:6:21: `services.d` has both `port` and `ports`
      hint: keep `ports`, or `port: none` if it serves nothing
    ");
}

#[test]
fn a_ports_name_that_cannot_be_one_says_why() {
    let long = "a".repeat(64);
    let text = format!(
        "services: {{web: {{run: x, ports: {{'': 1, 9th: 2, a.b: 3, dev-tools: 4, Dev_Tools: 5, {long}: 6}}}}}}"
    );
    assert_snapshot!(faults(&text), @"
    /shop/kinfra.yaml:1:34: `services.web.ports`: a port has no name
      hint: a name is up to 63 letters, digits, `-` and `_`, and begins with a letter
    /shop/kinfra.yaml:1:41: `services.web.ports`: the name of the port `9th` doesn't begin with a letter
      hint: a name is up to 63 letters, digits, `-` and `_`, and begins with a letter
    /shop/kinfra.yaml:1:49: `services.web.ports`: the name of the port `a.b` holds `.`
      hint: a name is up to 63 letters, digits, `-` and `_`, and begins with a letter
    /shop/kinfra.yaml:1:71: the ports `dev-tools` (line 1) and `Dev_Tools` of `web` would both be `PORT_DEV_TOOLS` in the environment
      hint: rename one of them
    /shop/kinfra.yaml:1:85: `services.web.ports`: the name of the port `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is longer than 63 characters
      hint: a name is up to 63 letters, digits, `-` and `_`, and begins with a letter
    ");
}

#[test]
fn a_number_is_for_one_port_of_one_protocol() {
    assert_snapshot!(faults("
services:
  web: {run: x, port: 3000}
  api: {run: x, ports: {http: 3001, metrics: 3000, admin: 3001}}
  dns: {run: x, ports: {tcp: 53, udp: 53/udp, again: 53/udp}}
  old: {run: x, port: 3001}
"), @"
    /shop/kinfra.yaml:4:46: `metrics` of `api` takes port 3000, which `web` already has
      hint: give it another number, or `auto` to let KInfra choose
    /shop/kinfra.yaml:4:59: `admin` of `api` takes port 3001, which `http` of `api` already has
      hint: give it another number, or `auto` to let KInfra choose
    /shop/kinfra.yaml:5:54: `again` of `dns` takes port 53/udp, which `udp` of `dns` already has
      hint: give it another number, or `auto` to let KInfra choose
    /shop/kinfra.yaml:6:23: `old` takes port 3001, which `http` of `api` already has
      hint: give it another number, or `auto` to let KInfra choose
    ");
    spec("services: {a: {run: x, ports: {tcp: 53, udp: 53/udp}}, b: {run: x, port: [53, 54]}}");
}

#[test]
fn a_projects_range_has_two_ends() {
    let range = |range: &str| faults(&format!("ports: {{range: {range}}}\nservices: {{a: {{run: x}}}}"));
    assert_snapshot!(range("8000"), @"
    /shop/kinfra.yaml:1:16: `ports.range` is `8000`, but must be two ports with a dash between them, the lower one first, such as `8000-8999`
      hint: a range of one port is written `8000-8000`
    ");
    assert_snapshot!(range("8999-8000"), @"/shop/kinfra.yaml:1:16: `ports.range` is `8999-8000`, but must be two ports with a dash between them, the lower one first, such as `8000-8999`");
    assert_snapshot!(range("[8000, 8999]"), @"/shop/kinfra.yaml:1:16: `ports.range` is a list, but must be two ports with a dash between them, the lower one first, such as `8000-8999`");
    assert_snapshot!(faults("port_range: 1-2\nports: {env_file: .env}\nservices: {a: {run: x, expose: [1]}}"), @"
    /shop/kinfra.yaml:1:1: unknown key `port_range`
      hint: did you mean `ports`?
    /shop/kinfra.yaml:2:9: unknown key `env_file` in `ports`
      hint: did you mean `env_files`?
    /shop/kinfra.yaml:3:24: unknown key `expose` in `services.a`
      hint: did you mean `ports`?
    ");
}

#[test]
fn a_reference_to_a_port_names_one_that_there_is() {
    spec(
        "services: {web: {run: 'x ${services.api.ports.metrics} ${services.ports.port}'}, api: {run: x, ports: {http: auto, metrics: auto}}, ports: {run: x}}",
    );
    spec("services: {web: {run: 'x ${services.web.ports.http}'}}");
    assert_snapshot!(faults("
services:
  web: {run: 'x ${services.api.ports.metrix} ${services.api.ports.queue} ${services.apj.ports.http}'}
  job: {run: 'x ${services.api.ports}', port: none, env: {A: '${services.job.ports.http}'}}
  api: {run: x, ports: {http: auto, metrics: auto}}
"), @"
    /shop/kinfra.yaml:3:14: `${services.api.ports.metrix}`: `api` has no port `metrix`
      hint: did you mean `metrics`?
    /shop/kinfra.yaml:3:14: `${services.api.ports.queue}`: `api` has no port `queue`
      hint: known: http, metrics
    /shop/kinfra.yaml:3:14: `${services.apj.ports.http}`: there is no service `apj`
      hint: did you mean `api`?
    /shop/kinfra.yaml:4:14: `${services.api.ports}` names no port
      hint: write `${services.api.ports.NAME}`, or `${services.api.port}` for the main one
    /shop/kinfra.yaml:4:62: `${services.job.ports.http}`: `job` has no port, so nothing answers there
      hint: give `job` a port, or take the reference away
    ");
}

#[test]
fn nothing_answers_http_on_a_udp_port() {
    spec(
        "services: {web: {run: 'x ${services.dns.host} ${services.dns.port}'}, dns: {run: x, port: 53/udp}}",
    );
    assert_snapshot!(faults("
services:
  web: {run: 'x ${services.dns.url}', env: {A: '${services.log.local_url}'}}
  dns: {run: x, port: 53/udp, health: {tcp: true}}
  log: {run: x, ports: {syslog: auto/udp}, health: {http: /}}
  fine: {run: x, port: auto/udp, health: {command: x}}
"), @"
    /shop/kinfra.yaml:3:14: `${services.dns.url}`: the main port of `dns` is a UDP port, where no HTTP is answered
      hint: use `${services.dns.host}` and `${services.dns.port}`
    /shop/kinfra.yaml:3:48: `${services.log.local_url}`: the main port of `log` is a UDP port, where no HTTP is answered
      hint: use `${services.log.host}` and `${services.log.port}`
    /shop/kinfra.yaml:4:39: `services.dns.health` asks the service's port, but that is a UDP port, which takes no connections
      hint: probe it by `command` or `log`, or give it `ports` with a TCP one
    /shop/kinfra.yaml:5:52: `services.log.health` asks the service's port, but the main one, `syslog`, is a UDP port, which takes no connections
      hint: probe it by `command` or `log`, or give it a TCP port named `http`
    ");
}
