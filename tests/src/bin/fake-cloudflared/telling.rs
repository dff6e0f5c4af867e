//! What it says at its start, with some of the noise of a healthy one.

use kinfra_tests::cloudflare::random;
use serde_json::json;

use crate::VERSION;
use crate::log::Log;
use crate::settings::Settings;

pub fn start(log: &Log, settings: &Settings, tunnel: &str, connector: &str, protocol: &str) {
    let nothing = json!({});
    log.info("Starting tunnel", &json!({"tunnelID": tunnel}));
    log.info(&format!("Version {VERSION} (Checksum of a stand-in)"), &nothing);
    log.info("GOOS: linux, GOVersion: go1.26.2, GoArch: amd64", &nothing);
    log.info(&settings.shown(), &nothing);
    let known = std::env::vars().filter(|(name, _)| name.starts_with("TUNNEL_"));
    let shown = known.map(|(name, value)| match name.as_str() {
        "TUNNEL_TOKEN" | "TUNNEL_CRED_CONTENTS" => format!("{name}:*****"),
        _ => format!("{name}:{value}"),
    });
    let shown: Vec<String> = shown.collect();
    if !shown.is_empty() {
        log.info(&format!("Environmental variables map[{}]", shown.join(" ")), &nothing);
    }
    log.info(&format!("Generated Connector ID: {connector}"), &nothing);
    log.warn(
        "Failed to fetch features, default to disable",
        &json!({"error": "lookup cfd-features.argotunnel.com: no such host"}),
    );
    log.info(&format!("Initial protocol {protocol}"), &nothing);
    log.warn(
        "ICMP proxy feature is disabled",
        &json!({"error": "Group ID 1000 is not between ping group 1 to 0"}),
    );
}

/// Diagnostic only: nothing follows from it.
pub fn prechecks(log: &Log) {
    let run = random::uuid();
    for component in ["DNS Resolution", "UDP Connectivity", "TCP Connectivity", "Cloudflare API"] {
        let fields = json!({
            "component": component, "details": "the stand-in has not looked", "run_id": run, "status": "pass",
            "target": "loopback",
        });
        log.info("precheck", &fields);
    }
    log.info("precheck complete", &json!({"hard_fail": false, "run_id": run, "suggested_protocol": "quic"}));
}
