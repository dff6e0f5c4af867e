//! Beside the plain shape of each file: large ones, and odd ones that the library and its users' scripts wrote all the same.

use insta::assert_debug_snapshot;

use super::tests::{FILES, reading};

/// By the number of the file, as `FILES` has them.
fn findings(file: usize, text: &str) -> usize {
    let reading = reading(FILES[file].0, text);
    assert_eq!(reading.faults, [""; 0]);
    reading.found.len()
}

fn many(entry: impl Fn(usize) -> String, between: &str) -> String {
    (0..5_000).map(entry).collect::<Vec<_>>().join(between)
}

#[test]
fn a_large_file_is_read_whole() {
    let registry = many(|number| format!("\"s{number}\": {{\"assigned_port\": {}}}", 10_000 + number), ",");
    assert_eq!(findings(0, &format!("{{\"version\": \"1.0\", \"services\": {{{registry}}}}}")), 5_000);
    // Programs kept things of their own beside what the manager knew.
    let kept = many(|number| format!("\"own{number}\": {{\"text\": \"{}\"}}", "x".repeat(100)), ",");
    assert_eq!(findings(1, &format!("{{\"project_name\": \"zen\", \"assigned_port\": 8001, {kept}}}")), 1);
    let blocked = many(|number| (1 + number).to_string(), ", ");
    assert_eq!(
        findings(
            2,
            &format!("networking: {{port_range: {{min: 1, max: 9999}}, blocked_ports: [{blocked}]}}")
        ),
        1
    );
    let excluded = many(|number| format!("  - {number}"), "\n");
    assert_eq!(
        findings(3, &format!("port: {{preferred: 8100}}\ncleanup:\n  exclude_pids:\n{excluded}\n")),
        1
    );
    let tunnels =
        many(|number| format!("{{\"service\": \"s{number}\", \"local_port\": {}}}", 10_000 + number), ",");
    assert_eq!(findings(4, &format!("[{tunnels}]")), 5_000);
    let rule = |number| {
        format!("- {{hostname: h{number}.example.com, service: 'http://127.0.0.1:{}'}}", 10_000 + number)
    };
    let rules = many(rule, "\n");
    let reading = reading(FILES[5].0, &format!("tunnel: t\ningress:\n{rules}\n- service: http_status:404\n"));
    let is_whole =
        |found: &_| matches!(found, crate::compat::Found::Tunnel(tunnel) if tunnel.rules.len() == 5_000);
    assert!(reading.found.iter().all(is_whole) && reading.faults.is_empty());
    let other = many(|number| format!("\"other{number}\": [1, 2, 3]"), ",");
    assert_eq!(findings(6, &format!("{{\"port\": 50002, {other}}}")), 1);
}

#[test]
fn a_manager_that_never_got_anywhere_or_ran_for_another_domain() {
    let never = "{\"project_name\": \"default\", \"domain\": \"kooshapari.com\", \"assigned_port\": null, \
                 \"tunnel_url\": null, \"last_healthy_check\": null, \"process_pid\": null, \"server_running\": false, \
                 \"server_start_time\": null}";
    assert_debug_snapshot!(reading(FILES[1].0, never));
    // Its setup wrote the pid of whoever called it, without a time.
    let caller = "{\"project_name\": \"gr\\u00f6\\u00dfe\", \"assigned_port\": 50100.0, \"server_running\": true, \
                  \"process_pid\": 4711, \"server_start_time\": null, \"tunnel_url\": \"https://Own.Example.com/\"}";
    assert_debug_snapshot!(reading(FILES[1].0, caller));
    // The name is in that of the file alone, and the port none.
    assert_debug_snapshot!(reading(
        "/home/me/.kinfra_smart_infra/a b_config.json",
        "{\"assigned_port\": \"soon\"}"
    ));
}

#[test]
fn settings_of_the_network_with_half_of_it_missing() {
    let quick = "tunnel: {type: quick, domain: 'https://zen.kooshapari.com'}\n";
    assert_debug_snapshot!(reading(FILES[2].0, quick));
    let half = "networking:\n  port_range: {min: 3000}\n  blocked_ports: [ssh, 80, 0]\ntunnel: persistent\n";
    assert_debug_snapshot!(reading(FILES[2].0, half));
}

#[test]
fn tunnels_by_name_without_a_name_and_without_a_port() {
    let by_name = "{\"ai\": {\"service\": \"ai\", \"local_port\": 8000, \"domain\": \"ai.kooshapari.com\"}, \
                   \"b\": {\"local_port\": 8001, \"tunnel_url\": \"https://morph.kooshapari.com\"}, \
                   \"c\": {\"local_port\": 8002, \"tunnel_url\": \"https://some-words.trycloudflare.com\"}, \
                   \"d\": {\"service\": \"d\", \"status\": \"stopped\"}, \"e\": {\"local_port\": 8003}}";
    assert_debug_snapshot!(reading(FILES[4].0, by_name));
}

#[test]
fn a_launch_with_a_tunnel_and_one_of_no_project() {
    let own =
        "{\"port\": \"50002\", \"tunnel_enabled\": true, \"tunnel_url\": \"https://atomcp.kooshapari.com\"}";
    assert_debug_snapshot!(reading(FILES[6].0, own));
    let quick =
        "{\"port\": 50002, \"tunnel_enabled\": true, \"tunnel_url\": \"https://a-b.trycloudflare.com\"}";
    assert_debug_snapshot!(reading("/home/me/_test_cache/local_server_config.json", quick));
}
