use super::Tunnel;
use super::cloudflared::Cloudflared;
use super::stage::Stage;

const FAILED: &str =
    "cloudflared_tunnel_tunnel_register_fail{error=\"server_error\",rpcName=\"registerConnection\"}";

#[test]
fn a_wrong_secret_is_told_by_http2_and_hidden_by_quic_and_ends_neither() {
    let stage = Stage::new();
    let wrong = Tunnel { secret: vec![0; 32], ..stage.tunnel.clone() };
    let run = |protocol| Cloudflared::run(&stage.home, &stage.cloudflare, &wrong, &["--protocol", protocol]);
    let mut http2 = run("http2");
    let said = http2.wait_said("Register tunnel error from server side");
    assert_eq!(said["error"], "Unauthorized: Invalid tunnel secret");
    let mut quic = run("quic");
    let said = quic.wait_said("Serve tunnel error");
    assert_eq!(said["error"], "control stream encountered a failure while serving");
    assert!(!quic.lines().iter().any(|line| line.contains("Unauthorized")));
    for cloudflared in [&mut http2, &mut quic] {
        cloudflared.wait_said("Retrying connection in up to 2s");
        assert!(cloudflared.is_running());
        assert!(cloudflared.metric(FAILED) >= 1);
        assert_eq!(cloudflared.ready(), 0);
    }
}

#[test]
fn another_refusal_of_the_first_connection_ends_http2() {
    let stage = Stage::new();
    stage.cloudflare.refuse_registrations(Some("Too many tunnels"));
    let mut cloudflared = stage.cloudflared(&["--protocol", "http2"]);
    assert_eq!(cloudflared.end().code(), Some(1));
    assert_eq!(cloudflared.lines().last().unwrap(), "Too many tunnels");
}

#[test]
fn a_refused_one_registers_when_it_is_refused_no_more() {
    let stage = Stage::new();
    stage.cloudflare.refuse_registrations(Some("Unauthorized: Failed to get tunnel"));
    let cloudflared = stage.cloudflared(&["--protocol", "quic", "--ha-connections", "1"]);
    cloudflared.wait_said("Serve tunnel error");
    stage.cloudflare.refuse_registrations(None);
    cloudflared.wait_ready(1);
}
