use std::time::{Duration, Instant};

use super::cloudflared::{Cloudflared, SOON};
use super::stage::{HOST, Stage};
use crate::wait_until;

const RECEIVED: &str = "quic_client_receive_bytes{conn_index=\"0\"}";

/// How long it takes until it says so many.
#[track_caller]
fn time_until(cloudflared: &Cloudflared, connections: u64) -> Duration {
    let begun = Instant::now();
    cloudflared.wait_ready(connections);
    begun.elapsed()
}

#[test]
fn a_tunnel_has_four_connections_that_come_a_second_apart() {
    let stage = Stage::new();
    let cloudflared = stage.cloudflared(&[]);
    cloudflared.wait_up();
    let took = time_until(&cloudflared, 4);
    assert!((Duration::from_millis(1500)..Duration::from_secs(5)).contains(&took), "{took:?}");
    let state = || stage.cloudflare.state().connections.clone();
    assert_eq!(state().iter().map(|connection| connection.index).collect::<Vec<_>>(), [0, 1, 2, 3]);
    stage.cloudflare.kill(&state()[2].id);
    cloudflared.wait_ready(3);
    assert_eq!(stage.cloudflare.visit(HOST, "/").unwrap().status, 200);
}

#[test]
fn with_each_address_of_the_edge_there_is_one_connection_at_most() {
    let stage = Stage::new();
    let edge = |index: usize| stage.cloudflare.edges()[index].to_string();
    let (first, second) = (edge(0), edge(1));
    let cloudflared = stage.cloudflared(&["--edge", &first, "--edge", &second, "--edge", &first]);
    cloudflared.wait_said("You requested 4 HA connections but I can give you at most 2.");
    cloudflared.wait_ready(2);
    assert_eq!(stage.cloudflare.state().connections.len(), 2);
}

#[test]
fn a_clean_loss_is_known_at_once() {
    for (protocol, message) in
        [("http2", "Lost connection with the edge"), ("quic", "failed to accept incoming stream requests")]
    {
        let stage = Stage::new();
        let cloudflared = stage.ready(&["--protocol", protocol]);
        cloudflared.metrics();
        stage.cloudflare.lose_cleanly();
        let took = time_until(&cloudflared, 0);
        assert!(took < Duration::from_secs(1), "{protocol}: {took:?}");
        cloudflared.wait_said(message);
        cloudflared.wait_said("Retrying connection in up to 1s");
        assert_eq!(cloudflared.tells("/healthcheck"), (200, "OK\n".to_owned()));
        assert_eq!(cloudflared.metric("cloudflared_tunnel_ha_connections"), 1, "a trap: it counts loops");
    }
}

#[test]
fn a_silent_loss_is_known_to_quic_after_five_seconds_and_to_http2_not_at_all() {
    let stage = Stage::new();
    let quic = stage.ready(&["--protocol", "quic"]);
    let http2 = stage.ready(&["--protocol", "http2"]);
    let received = || quic.metric(RECEIVED);
    let before = received();
    wait_until("an idle connection to be pinged", SOON, || received() > before);
    stage.cloudflare.freeze();
    let took = time_until(&quic, 0);
    assert!((Duration::from_millis(4500)..Duration::from_secs(9)).contains(&took), "{took:?}");
    assert_eq!(http2.ready(), 1);
    let said = quic.wait_said("failed to accept incoming stream requests");
    assert_eq!(said["error"], "failed to accept QUIC stream: timeout: no recent network activity");
    stage.cloudflare.come_back();
    quic.wait_ready(1);
    assert_eq!(http2.ready(), 1);
    assert_eq!(stage.cloudflare.visit(HOST, "/").unwrap().status, 200);
}

#[test]
fn nothing_is_received_from_a_frozen_edge() {
    let stage = Stage::new();
    let cloudflared = stage.ready(&["--protocol", "quic"]);
    let received = || cloudflared.metric(RECEIVED);
    stage.cloudflare.freeze();
    // Pings go out each second, and their answers do not come; one may have been on its way.
    let (mut last, mut since) = (received(), Instant::now());
    wait_until("2 s of silence", SOON, || {
        if received() != last {
            (last, since) = (received(), Instant::now());
        }
        since.elapsed() > Duration::from_secs(2)
    });
    assert_eq!(cloudflared.ready(), 1, "it does not know yet");
}

#[test]
fn the_first_connection_of_quic_is_back_soon() {
    let stage = Stage::new();
    let cloudflared = stage.ready(&["--protocol", "quic"]);
    stage.cloudflare.lose_cleanly();
    cloudflared.wait_ready(0);
    stage.cloudflare.come_back();
    let took = time_until(&cloudflared, 1);
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn with_no_retries_http2_is_back_within_the_shortest_of_both_waits() {
    let stage = Stage::new();
    let cloudflared = stage.ready(&["--protocol", "http2", "--retries", "0"]);
    let connection = stage.cloudflare.state().connections[0].id.clone();
    stage.cloudflare.kill(&connection);
    cloudflared.wait_ready(0);
    let took = time_until(&cloudflared, 1);
    // Below 1 s of its own and below 10 s of all.
    assert!(took < Duration::from_secs(13), "{took:?}");
    cloudflared.wait_said("Connection terminated");
}

#[test]
fn where_quic_is_blocked_it_goes_over_to_http2() {
    let stage = Stage::new();
    stage.cloudflare.block_quic(true);
    let cloudflared = stage.cloudflared(&["--max-edge-addr-retries", "0", "--ha-connections", "1"]);
    let begun = Instant::now();
    let said = cloudflared.wait_said("Registered tunnel connection");
    assert_eq!(said["protocol"], "http2");
    let took = begun.elapsed();
    assert!((Duration::from_millis(4500)..Duration::from_secs(10)).contains(&took), "{took:?}");
    cloudflared.wait_said("Failed to dial a quic connection");
    cloudflared.wait_said("Switching to fallback protocol http2");
    assert!(!cloudflared.tells("/diag/tunnel").1.contains("\"protocol\""));
}
