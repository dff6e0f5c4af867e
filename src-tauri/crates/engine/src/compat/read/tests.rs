use std::path::Path;

use proptest::prelude::*;

use super::*;

const REGISTRY: &str = r#"{
  "version": "1.0",
  "timestamp": 1757000000.123,
  "services": {
    "api": {
      "service_name": "api", "assigned_port": 8001, "pid": 4711, "last_seen": 1757000000.5,
      "tunnel_id": "6ff42ae2-765d-4adf-8112-31c55c1551ef", "tunnel_hostname": "api.kooshapari.com",
      "config_path": "/home/me/.cloudflared/config-api.yml", "created_at": 1756000000.0
    },
    "web": {
      "service_name": "web", "assigned_port": 8002, "pid": null, "last_seen": 1757000000.5,
      "tunnel_id": null, "tunnel_hostname": null, "config_path": null, "created_at": 1756000001.0
    }
  }
}"#;

const SMART_INFRA: &str = r#"{
  "project_name": "atoms_mcp", "domain": "kooshapari.com", "assigned_port": 50002,
  "tunnel_url": "https://some-words.trycloudflare.com", "last_healthy_check": 1757000000.5,
  "process_pid": 4711, "server_running": true, "server_start_time": 1757000000.25
}"#;

const NETWORKING: &str = "
networking:
  port_strategy: preferred
  port_range: {min: 3000, max: 9999}
  blocked_ports: [22, 80, 443]
tunnel:
  type: persistent
  domain: zen.kooshapari.com
  timeout: {startup: 60000, health_check: 20000}
";

const SETTINGS: &str = "
service: {name: atoms-mcp, display_name: Atoms, description: an MCP server}
port: {preferred: 8100, range: [8100, 8199], kill_existing: false}
tunnel: {enabled: true, domain: kooshapari.com, subdomain: atomcp, protocol: https}
health: {enabled: true, endpoint: /health, interval: 30, timeout: 5, expected_status: 200}
fallback: {enabled: false, port: 9000}
cleanup: {grace_period: 3.0, force_kill: true, exclude_pids: []}
environments: {development: {}, production: {}}
";

const TUNNEL: &str = r#"{"service": "morph", "local_port": 8001, "domain": "morph.kooshapari.com", "tunnel_url": "https://morph.kooshapari.com", "status": "running"}"#;

const CLOUDFLARED: &str = "
tunnel: 6ff42ae2-765d-4adf-8112-31c55c1551ef
credentials-file: /home/me/.cloudflared/6ff42ae2-765d-4adf-8112-31c55c1551ef.json
ingress:
- hostname: byte.kooshapari.com
  path: /api/*
  service: http://127.0.0.1:8000
- hostname: byte.kooshapari.com
  service: http://127.0.0.1:8001
- service: http_status:404
";

const LAUNCH: &str = r#"{"port": 50002, "host": "127.0.0.1", "base_url": "http://127.0.0.1:50002", "api_endpoint": "/api/mcp", "tunnel_enabled": false, "tunnel_url": null, "domain": "atomcp.kooshapari.com", "started_at": "2025-09-04T12:00:00"}"#;

pub const FILES: [(&str, &str); 7] = [
    ("/home/me/.kinfra/port_registry.json", REGISTRY),
    ("/home/me/.kinfra_smart_infra/atoms_mcp_config.json", SMART_INFRA),
    ("/home/me/zen/config/kinfra.yml", NETWORKING),
    ("/home/me/atoms/kinfra_config.yaml", SETTINGS),
    ("/home/me/morph/.tunnel_config.json", TUNNEL),
    ("/home/me/.cloudflared/config-byte.yml", CLOUDFLARED),
    ("/home/me/.atoms_mcp_test_cache/local_server_config.json", LAUNCH),
];

pub fn reading(path: &str, text: &str) -> Reading {
    let path = Path::new(path);
    read(kind_of(path).unwrap(), path, text)
}

#[test]
fn each_file_is_known_by_its_name_and_read() {
    for (path, text) in FILES {
        let reading = reading(path, text);
        assert_eq!(reading.faults, [""; 0], "{path}");
        insta::assert_debug_snapshot!(
            &*Path::new(path).file_name().unwrap().to_string_lossy(),
            reading.found
        );
    }
    for other in ["/home/me/.cloudflared/config.yml", "/home/me/shop/kinfra.yaml", "/tmp/x_config.json", "/"]
    {
        assert_eq!(kind_of(Path::new(other)), None, "{other}");
    }
}

#[test]
fn what_is_broken_half_written_or_newer_is_a_fault_and_nothing_else() {
    let cases = [
        (0, ""),
        (0, "{\"version\": \"1.0\", \"services\": {\"api\": {\"assigned_port\": 80"),
        (0, "{\"version\": \"2.0\", \"services\": {}}"),
        (0, "[]"),
        (0, "{\"version\": \"1.0\"}"),
        (1, "null"),
        (2, "a: [b"),
        (2, "resources: {}"),
        (3, "just a text"),
        (4, "{}"),
        (5, "ingress: []"),
        (6, "{\"port\": \"many\"}"),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(file, text)| {
            let reading = reading(FILES[*file].0, text);
            assert_eq!(reading.found, [], "{text}");
            reading.faults.join("; ") + "\n"
        })
        .collect();
    insta::assert_snapshot!(told.concat());
}

#[test]
fn one_entry_that_is_odd_leaves_the_others() {
    let registry = r#"{"version": "1.0", "services": {
        "text": {"assigned_port": "8003"}, "float": {"assigned_port": 8004.0}, "none": {"assigned_port": null},
        "zero": {"assigned_port": 0}, "big": {"assigned_port": 80000}, "bare": 8005, "": {"assigned_port": 8006},
        "twice": {"assigned_port": 8003, "created_at": 2}, "newer": {"assigned_port": 8007, "of the future": {}},
        "below": {"assigned_port": 3000, "tunnel_hostname": "not a host", "pid": -1}
    }}"#;
    insta::assert_debug_snapshot!(reading(FILES[0].0, registry));
    let settings = "service: {name: ''}\nport: {preferred: no, range: [9, 1]}\ntunnel: {enabled: 'yes', domain: ':', subdomain: x}\nhealth: {enabled: off, endpoint: /x}\ncleanup: {grace_period: soon}\n";
    insta::assert_debug_snapshot!(reading(FILES[3].0, settings));
    let cloudflared = "tunnel: byte-unified\ningress:\n- {hostname: byte.example.com, service: 'unix:/run/x'}\n- {hostname: '*.example.com', path: ^/v1, service: 'http://localhost:3000/'}\n- {hostname: a.example.com, service: 'http://192.0.2.1:80'}\n- {hostname: a.example.com}\n- 7\n";
    insta::assert_debug_snapshot!(reading(FILES[5].0, cloudflared));
}

proptest! {
    #[test]
    fn whatever_a_file_holds_nothing_panics(
        file in 0..FILES.len(),
        cut in 0..2_000_usize,
        changes in proptest::collection::vec((0..2_000_usize, any::<char>()), 0..8),
    ) {
        let (path, text) = FILES[file];
        let mut characters: Vec<char> = text.chars().collect();
        for (at, character) in changes {
            let at = at % characters.len();
            characters[at] = character;
        }
        if cut < characters.len() {
            characters.truncate(cut);
        }
        let text: String = characters.into_iter().collect();
        let reading = reading(path, &text);
        prop_assert!(!reading.found.is_empty() || !reading.faults.is_empty());
    }

    #[test]
    fn no_text_is_read_without_a_word(file in 0..FILES.len(), text in any::<String>()) {
        let reading = reading(FILES[file].0, &text);
        prop_assert!(!reading.found.is_empty() || !reading.faults.is_empty());
    }
}
