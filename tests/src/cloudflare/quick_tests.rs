use super::cloudflared::{Cloudflared, command};
use super::{Cloudflare, Fault, Reply, origin::Origin};
use crate::TestHome;

fn start(home: &TestHome, cloudflare: &Cloudflare, arguments: &[&str]) -> Cloudflared {
    let mut command = command(home);
    command.args(["tunnel", "--output", "json", "--metrics", "127.0.0.1:0"]);
    command.args(["--edge", &cloudflare.edge(), "--quick-service", &cloudflare.quick_service()]);
    Cloudflared::start(command.args(arguments))
}

fn hostname(cloudflared: &Cloudflared) -> String {
    let told: serde_json::Value = serde_json::from_str(&cloudflared.tells("/quicktunnel").1).unwrap();
    told["hostname"].as_str().unwrap().to_owned()
}

#[test]
fn whoever_asks_gets_a_tunnel_with_one_connection() {
    let (home, cloudflare) = (TestHome::new(), Cloudflare::start());
    let origin = Origin::start(home.path());
    let socket = origin.socket.to_str().unwrap();
    let cloudflared = start(&home, &cloudflare, &["--config", "/dev/null", "--unix-socket", socket]);
    cloudflared.wait_ready(1);
    let hostname = hostname(&cloudflared);
    assert!(hostname.ends_with(".trycloudflare.com"), "{hostname}");
    assert!(cloudflared.lines().iter().any(|line| line.contains(&format!("https://{hostname}"))));
    let answer = cloudflare.visit(&hostname, "/x").unwrap();
    assert!(answer.body.starts_with("GET /x HTTP/1.1"), "{}", answer.body);
    assert_eq!(cloudflare.state().connections.len(), 1);
    assert_eq!(cloudflare.state().requests.lines(), ["POST /tunnel"]);
}

#[test]
fn one_that_chooses_its_transport_by_dns_takes_http2_where_that_says_nothing() {
    let (home, cloudflare) = (TestHome::new(), Cloudflare::start());
    let arguments = ["--config", "/dev/null", "--url", "http://127.0.0.1:1"];
    for (more, protocol) in [(&["--protocol", "auto"][..], "http2"), (&[], "quic")] {
        let cloudflared = start(&home, &cloudflare, &[&arguments, more].concat());
        assert_eq!(cloudflared.wait_said("Registered tunnel connection")["protocol"], protocol);
        let empty = cloudflared.wait_said("Configuration file /dev/null was empty");
        assert_eq!(empty["level"], "error", "an error that changes nothing");
        let metrics = cloudflared.tells("/metrics").1;
        assert!(metrics.contains("\ncloudflared_orchestration_config_version 0\n"), "{metrics}");
        assert!(cloudflared.tells("/config").1.contains("\"version\":-1"));
    }
}

#[test]
fn rules_of_a_file_go_before_the_url_and_so_do_those_of_a_file_that_nobody_named() {
    let (home, cloudflare) = (TestHome::new(), Cloudflare::start());
    let folder = home.path().join(".cloudflared");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config.yml"), "ingress:\n- service: http_status:418\n").unwrap();
    let ours = home.path().join("ours.yml");
    std::fs::write(&ours, "ingress:\n- service: http_status:204\n").unwrap();
    let ours = ours.to_str().unwrap();
    for (arguments, wanted) in [
        (vec!["--url", "http://127.0.0.1:1"], 418),
        (vec!["--config", ours, "--url", "http://127.0.0.1:1"], 204),
        (vec!["--config", "/dev/null", "--url", "http://127.0.0.1:1"], 502),
    ] {
        let cloudflared = start(&home, &cloudflare, &arguments);
        cloudflared.wait_ready(1);
        let answer = cloudflare.visit(&hostname(&cloudflared), "/").unwrap();
        assert_eq!(answer.status, wanted, "{arguments:?}");
    }
}

#[test]
fn a_service_that_gives_none_is_its_end() {
    let (home, cloudflare) = (TestHome::new(), Cloudflare::start());
    let arguments = ["--config", "/dev/null", "--url", "http://127.0.0.1:1"];
    for (reply, last) in [
        (
            Reply::text(429, "error code: 1015"),
            "failed to unmarshal quick Tunnel: invalid character 'e' looking for beginning of value",
        ),
        (
            Reply::json(
                500,
                &serde_json::json!({"success": false, "errors": [{"code": 1, "message": "no"}]}),
            ),
            "failed to parse quick Tunnel ID: invalid UUID length: 0",
        ),
    ] {
        cloudflare.fault(Fault::on("POST", "/tunnel").answer(reply));
        let mut cloudflared = start(&home, &cloudflare, &arguments);
        assert_eq!(cloudflared.end().code(), Some(1));
        assert_eq!(cloudflared.lines().last().unwrap(), last);
    }
    let service = cloudflare.quick_service();
    let edge = cloudflare.edge();
    drop(cloudflare);
    let mut command = command(&home);
    command.args(["tunnel", "--edge", &edge, "--quick-service", &service]).args(arguments);
    let mut cloudflared = Cloudflared::start(&mut command);
    assert_eq!(cloudflared.end().code(), Some(1));
    assert!(
        cloudflared.lines().last().unwrap().starts_with("failed to request quick Tunnel: Post \"http://")
    );
}
