use insta::assert_snapshot;
use kinfra_rpc::ConnectorStep;

use super::*;

pub const REGISTRY: &str = ".kinfra/port_registry.json";

/// An entry as the library wrote it: at 1757000000 it was seen last.
pub fn entry(name: &str, port: u16, more: &str) -> String {
    format!(
        "\"{name}\": {{\"service_name\": \"{name}\", \"assigned_port\": {port}, \"last_seen\": 1757000000.0{more}}}"
    )
}

pub fn registry(entries: &[String]) -> String {
    let entries = entries.join(", ");
    format!("{{\"version\": \"1.0\", \"timestamp\": 1757000000.0, \"services\": {{{entries}}}}}")
}

pub fn manager(project: &str, port: u16, more: &str) -> String {
    format!(
        "{{\"project_name\": \"{project}\", \"domain\": \"kooshapari.com\", \"assigned_port\": {port}, \"tunnel_url\": null, \
         \"last_healthy_check\": null, \"process_pid\": null, \"server_running\": false, \"server_start_time\": null{more}}}"
    )
}

#[test]
fn names_of_nobody_go_to_the_default_project_and_managers_to_theirs() {
    let tunnel = ", \"tunnel_id\": \"6ff42ae2\", \"tunnel_hostname\": \"api.example.com\"";
    let entries = [entry("api", 8_001, tunnel), entry("my worker", 8_002, ""), entry("old", 3_000, "")];
    let left = Left::default()
        .file(REGISTRY, &registry(&entries))
        .file(".kinfra_smart_infra/atoms_mcp_config.json", &manager("atoms_mcp", 50_002, ""))
        .file(".kinfra_smart_infra/zen_config.json", &manager("zen", 8_123, ""))
        .file(".kinfra_smart_infra/pilot_config.json", &manager("pilot", 50_777, ""))
        .file(
            ".kinfra_smart_infra/default_config.json",
            "{\"project_name\": \"default\", \"assigned_port\": null}",
        );
    let plan = left.plan();
    assert_snapshot!(shown(&plan));
    let written: Vec<&String> = plan.projects.iter().filter_map(|project| project.text.as_ref()).collect();
    assert_snapshot!(written[0]);
}

#[test]
fn atoms_is_one_project_whichever_files_tell_of_it() {
    let settings = "service: {name: atoms-mcp}\nport: {preferred: 8100, range: [8100, 8199]}\n\
                    tunnel: {enabled: true, domain: kooshapari.com, subdomain: atomcp}\n\
                    health: {enabled: true, endpoint: /health}\ncleanup: {grace_period: 3.0}\n";
    let launch = "{\"port\": 50002, \"tunnel_enabled\": false, \"domain\": \"atomcp.kooshapari.com\"}";
    let left = Left::default()
        .launcher("atoms", one("start_server.py", &["atoms-mcp", "atoms"], 50_002))
        .file("atoms/kinfra_config.yaml", settings)
        .file(".atoms_mcp_test_cache/local_server_config.json", launch)
        .file(".kinfra_smart_infra/atoms_mcp_config.json", &manager("atoms_mcp", 50_002, ""))
        .file(REGISTRY, &registry(&[entry("atoms-mcp", 50_002, "")]));
    assert_snapshot!(shown(&left.plan()));
}

#[test]
fn zen_keeps_its_range_and_what_is_blocked_in_it_is_told() {
    let settings = "networking:\n  port_strategy: preferred\n  port_range: {min: 3000, max: 9999}\n  \
                    blocked_ports: [22, 3306]\ntunnel: {type: persistent, domain: zen.kooshapari.com}\n";
    let left = Left::default()
        .launcher("zen-mcp-server", one("server_mcp_http.py", &["zen", "zen-mcp-server"], 8_000))
        .file("zen-mcp-server/config/kinfra.yml", settings)
        .file(".kinfra_smart_infra/zen_config.json", &manager("zen", 8_123, ""))
        // A name of its own that only begins like it.
        .file(REGISTRY, &registry(&[entry("zen-metrics", 8_124, "")]));
    assert_snapshot!(shown(&left.plan()));
}

#[test]
fn byteport_has_two_services_and_the_paths_that_its_tunnel_led_to() {
    let config = "tunnel: byte-unified\ncredentials-file: /home/me/.cloudflared/1.json\ningress:\n\
                  - {hostname: byte.kooshapari.com, path: /api/*, service: 'http://127.0.0.1:8005'}\n\
                  - {hostname: byte.kooshapari.com, service: 'http://127.0.0.1:8001'}\n- service: http_status:404\n";
    let host = ", \"tunnel_id\": \"byte-unified\", \"tunnel_hostname\": \"byte.kooshapari.com\"";
    let left = Left::default()
        .launcher("BytePort", byteport())
        .file(
            REGISTRY,
            &registry(&[entry("byteport-api", 8_005, host), entry("byteport-frontend", 8_001, host)]),
        )
        .file(".cloudflared/config-byte.yml", config);
    assert_snapshot!(shown(&left.plan()));
}

#[test]
fn tunnels_without_a_project_are_kept_with_their_hosts() {
    let tunnels = "[{\"service\": \"ai\", \"local_port\": 8000, \"domain\": \"ai.kooshapari.com\"}, \
                   {\"local_port\": 8001, \"domain\": \"morph.kooshapari.com\", \"tunnel_url\": null}]";
    let config = "tunnel: 9b1\ningress:\n- {hostname: hooks.example.com, service: 'http://127.0.0.1:9999'}\n\
                  - {hostname: '*.example.com', path: ^/v1, service: 'http://localhost:9998'}\n";
    let left = Left::default()
        .file("morph/.tunnel_config.json", tunnels)
        .file(".cloudflared/config-hooks.yml", config);
    assert_snapshot!(shown(&left.plan()));
}

#[test]
fn what_kinfra_has_already_comes_first() {
    let own = "services:\n  server: {run: serve, port: 8100}\n";
    let left = Left::default()
        // Its user's file names another port, and lacks what a rule leads to.
        .project("atoms", own)
        .claim("atoms", "server", 8_100, PortOrigin::User)
        .launcher("atoms", one("start_server.py", &["atoms-mcp", "atoms"], 50_002))
        .file(".kinfra_smart_infra/atoms_mcp_config.json", &manager("atoms_mcp", 50_002, ""))
        .file("atoms/.tunnel_config.json", "{\"service\": \"jobs\", \"local_port\": 8150}")
        // Nobody chose this one's port.
        .project("zen", "services:\n  server: {run: serve}\n")
        .claim("zen", "server", 20_123, PortOrigin::Hash)
        .launcher("zen", one("server_mcp_http.py", &["zen"], 8_000))
        .file(".kinfra_smart_infra/zen_config.json", &manager("zen", 8_123, ""))
        // Somebody moved this one's.
        .project("pilot", "services:\n  server: {run: serve}\n")
        .claim("pilot", "server", 3_000, PortOrigin::User)
        .file("pilot/kinfra_config.yaml", "service: {name: pilot}\nport: {preferred: 8200}\n")
        // And this port is another's.
        .file(
            REGISTRY,
            &registry(&[entry("api", 20_123, ""), entry("web", 3_000, ""), entry("free", 8_300, "")]),
        )
        // A file that says nothing that can be read.
        .project("broken", "services: [")
        .file("broken/kinfra_config.yaml", "service: {name: broken}\nport: {preferred: 8400}\n");
    assert_snapshot!(shown(&left.plan()));
}

#[test]
fn a_server_is_the_old_one_by_pid_and_start_alone() {
    let running = ", \"server_running\": true, \"process_pid\": 4711, \"server_start_time\": 1757000010.0";
    // A later key of the same name is the one that counts.
    let files = |left: Left| {
        left.file(".kinfra_smart_infra/pilot_config.json", &manager("pilot", 50_100, running))
            .file(REGISTRY, &registry(&[entry("api", 8_001, ", \"pid\": 99")]))
    };
    let with = |pilot: Occupant, api: Occupant| {
        let mut left = Left::default();
        left.running.occupants = [(50_100, pilot), (8_001, api)].into();
        let connector = "cloudflared tunnel --config /home/me/.cloudflared/config-x.yml run".to_owned();
        left.running.connectors = vec![cloudflared(&[(77, 1_757_000_000.0)], &connector)];
        let config =
            "tunnel: x-tunnel\ningress:\n- {hostname: x.example.com, service: 'http://127.0.0.1:8001'}\n";
        shown(&files(left).file(".cloudflared/config-x.yml", config).plan())
    };
    let server = "python server.py";
    assert_snapshot!(with(
        occupant(&[(4_712, 1_757_000_000.0), (4_711, 1_756_999_999.0)], server, "/home/me/pilot"),
        occupant(&[(99, 1_756_000_000.0)], "node api.js", "/home/me/api"),
    ));
    // The pids again, of others by now.
    assert_snapshot!(with(
        occupant(&[(4_711, 1_757_500_000.0)], server, "/home/me/pilot"),
        occupant(&[(99, 1_757_500_000.0)], "node api.js", "/home/me/api"),
    ));
}

#[test]
fn a_server_of_which_only_the_cloudflared_is_noted_is_known_by_the_program_that_started_both() {
    let files = |pid: u32| {
        let noted =
            format!(", \"tunnel_id\": \"x-tunnel\", \"tunnel_hostname\": \"x.example.com\", \"pid\": {pid}");
        // Of two names only the last one has the pid of the cloudflared that runs now.
        let entries = [entry("x", 8_001, &noted.replace(&pid.to_string(), "60")), entry("y", 8_002, &noted)];
        let config = "tunnel: x-tunnel\ningress:\n\
                      - {hostname: x.example.com, path: /y, service: 'http://127.0.0.1:8002'}\n\
                      - {hostname: x.example.com, service: 'http://127.0.0.1:8001'}\n";
        Left::default().file(REGISTRY, &registry(&entries)).file(".cloudflared/config-x.yml", config)
    };
    let program = Started { pid: 50, at: 1_756_990_000.0 };
    let plan = |starter: Option<Started>, parent: (u32, f64), at: f64| {
        let mut left = files(77);
        let mut connector = cloudflared(
            &[(77, at), (50, program.at)],
            "cloudflared tunnel --config /home/me/.cloudflared/config-x.yml run",
        );
        connector.starter = starter;
        left.running.connectors = vec![connector];
        let server = |pid| occupant(&[(pid, 1_756_995_000.0), parent], "node server.js", "/home/me/x");
        // One is that program itself.
        let own = occupant(&[parent], "python app.py", "/home/me/x");
        left.running.occupants = [(8_001, server(61)), (8_002, own)].into();
        let plan = left.plan();
        let services = plan.projects[0].services.clone();
        services.into_iter().map(|service| (service.step, service.pid, service.detail)).collect::<Vec<_>>()
    };
    let parent = (program.pid, program.at);
    assert_eq!(
        plan(Some(program), parent, 1_756_999_000.0),
        [(PortStep::Adopt, Some(61), None), (PortStep::Adopt, Some(50), None)]
    );
    let is_left_alone = |steps: Vec<(PortStep, Option<u32>, Option<String>)>, what: &str| {
        assert!(
            steps.iter().all(|(step, pid, detail)| *step == PortStep::Keep
                && pid.is_none()
                && detail.as_ref().is_some_and(|detail| detail.contains("left alone"))),
            "{what}: {steps:#?}"
        );
        steps
    };
    // Who took the cloudflared over from its program may have started anybody.
    let steps = is_left_alone(plan(None, parent, 1_756_999_000.0), "adopted by somebody");
    let told = "python (pid 50) is on it now; KInfra 1.0 noted only its cloudflared (pid 77) for y, and nothing says that \
                one program started both, so it is left alone";
    assert_eq!(steps[1].2.as_deref(), Some(told));
    is_left_alone(plan(Some(program), (program.pid, program.at + 60.0), 1_756_999_000.0), "the pid again");
    is_left_alone(plan(Some(program), (51, program.at), 1_756_999_000.0), "another program's");
    is_left_alone(plan(Some(program), parent, 1_757_000_003.0), "a cloudflared that came later");
}

#[test]
fn a_cloudflared_is_the_librarys_by_pid_and_start_and_is_written_down_once() {
    let config =
        "tunnel: x-tunnel\ningress:\n- {hostname: x.example.com, service: 'http://127.0.0.1:8001'}\n";
    let noted = ", \"tunnel_id\": \"x-tunnel\", \"tunnel_hostname\": \"x.example.com\", \"pid\": 77";
    let quick = ", \"tunnel_url\": \"https://a-b.trycloudflare.com\", \"last_healthy_check\": 1757000000.0";
    let left = |at: f64, url: &str| {
        let mut left = Left::default()
            .file(REGISTRY, &registry(&[entry("x", 8_001, noted)]))
            .file(".cloudflared/config-x.yml", config)
            .file(".kinfra_smart_infra/pilot_config.json", &manager("pilot", 50_100, quick));
        left.running.connectors = vec![
            // Somebody else runs the same tunnel, and a tunnel of somebody else's.
            cloudflared(&[(70, at), (1, 0.0)], "cloudflared tunnel run x-tunnel"),
            cloudflared(&[(71, at)], "cloudflared tunnel run mine"),
            cloudflared(&[(77, at)], "cloudflared tunnel --config /home/me/.cloudflared/config-x.yml run"),
            cloudflared(&[(78, at)], &format!("cloudflared tunnel --no-autoupdate --url {url}")),
        ];
        left
    };
    let before = 1_756_999_999.0;
    let mine = left(before, "http://localhost:50100");
    let plan = mine.plan();
    assert_snapshot!(shown(&plan));
    let after = mine.after(&plan);
    assert_eq!(after.known.connectors.len(), 2);
    let again = after.plan();
    assert_eq!((again.pending, again.tunnels[0].connector), (false, Some(ConnectorStep::Known)));
    assert_eq!(again.quick_tunnels[0].connector, ConnectorStep::Known);
    // The pids again, of others by now; and another port.
    let plan = left(1_757_000_003.0, "http://localhost:5010").plan();
    assert_eq!(plan.tunnels[0].connector, Some(ConnectorStep::Stranger));
    assert_eq!(plan.quick_tunnels, []);
    let late = left(1_757_000_003.0, "http://localhost:50100").plan();
    assert_eq!(late.quick_tunnels[0].connector, ConnectorStep::Stranger);
}

#[test]
fn an_adopted_server_is_adopted_once() {
    let mut left = Left::default().file(REGISTRY, &registry(&[entry("api", 8_001, ", \"pid\": 99")]));
    left = left.after(&Left::default().file(REGISTRY, &registry(&[entry("api", 8_001, "")])).plan());
    left.running.occupants = [(8_001, occupant(&[(99, 1.0)], "node api.js", "/"))].into();
    let plan = left.plan();
    assert_eq!((plan.pending, plan.projects[0].services[0].step), (true, PortStep::Adopt));
    let left = left.after(&plan);
    assert_eq!((left.plan().pending, left.plan().projects[0].services[0].step), (false, PortStep::Settled));
}

#[test]
fn two_that_would_be_one_in_host_names_and_odd_names_are_told() {
    let long = "x".repeat(101);
    let entries = [
        entry("my_api", 8_001, ""),
        entry("my api", 8_002, ", \"created_at\": 5"),
        entry("größe", 8_003, ", \"tunnel_hostname\": \"a.example.com\""),
        entry("true", 8_004, ", \"tunnel_hostname\": \"a.example.com\""),
        entry("2", 8_005, ""),
        entry(&long, 8_006, ""),
    ];
    let left = Left::default().file(REGISTRY, &registry(&entries));
    assert_snapshot!(shown(&left.plan()).replace(&long, "LONG"));
}

#[test]
fn a_large_registry_is_kept_whole_and_once() {
    let entries: Vec<String> =
        (0..500).map(|number| entry(&format!("s{number}"), 10_000 + number, "")).collect();
    let files = || Left::default().file(REGISTRY, &registry(&entries));
    let plan = files().plan();
    let is_kept = |service: &&MigratedService| service.step == PortStep::Keep;
    assert_eq!(plan.projects[0].services.iter().filter(is_kept).count(), 500);
    assert!(!files().after(&plan).plan().pending);
}

#[test]
fn a_range_of_one_port_and_a_name_that_cant_be_written_make_a_configuration_all_the_same() {
    let left = Left::default()
        .launcher("a$b", one("start_server.py", &["atoms-mcp", "atoms"], 50_002))
        .file("a$b/kinfra_config.yaml", "service: {name: '{atoms}'}\nport: {range: [50002, 50002]}\n");
    let plan = left.plan();
    assert_eq!(plan.projects[0].obstacle, None);
    let text = plan.projects[0].text.as_ref().unwrap();
    assert!(text.contains("range: 50002-50002") && !text.contains("project:"), "{text}");
}

#[test]
fn a_name_with_the_projects_in_it_says_more_than_one_that_could_be_anybodys() {
    let entries = [entry("api", 8_000, ""), entry("byteport-api", 8_005, "")];
    let left = Left::default().launcher("BytePort", byteport()).file(REGISTRY, &registry(&entries));
    let plan = left.plan();
    let port = |project: &str, name: &str| {
        let project = plan.projects.iter().find(|known| known.name == project).unwrap();
        project.services.iter().find(|service| service.name == name).unwrap().port
    };
    assert_eq!((port("BytePort", "api"), port("python", "api")), (Some(8_005), Some(8_000)));
}

#[test]
fn a_tunnel_tells_of_ports_that_the_registry_has_forgotten() {
    let config = "tunnel: byte-unified\ningress:\n\
                  - {hostname: byte.kooshapari.com, path: /api/*, service: 'http://127.0.0.1:8005'}\n\
                  - {hostname: byte.kooshapari.com, service: 'http://127.0.0.1:8006'}\n\
                  - {hostname: byte.kooshapari.com, path: /docs, service: 'http://127.0.0.1:8007'}\n";
    let left = Left::default().launcher("BytePort", byteport()).file(".cloudflared/config-byte.yml", config);
    let plan = left.plan();
    let ports = plan.projects.iter().flat_map(|project| {
        project.services.iter().map(|service| (&*project.name, &*service.name, service.port.unwrap()))
    });
    let expected =
        [("BytePort", "api", 8_005), ("BytePort", "frontend", 8_006), ("python", "byte-docs", 8_007)];
    assert_eq!(ports.collect::<Vec<_>>(), expected);
}
