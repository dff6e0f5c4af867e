//! Services made public by quick tunnels: from the command to a visitor, and what is told when something breaks.

use std::process::Stdio;
use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{Exposure, Phase, Share, TakeSnapshot, TunnelStatus, Unshare};

use crate::cloudflare::Shared;
use crate::wait_until;

const SOON: Duration = Duration::from_secs(30);

const SERVED: &str = "project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n";

#[test]
fn a_shared_service_is_reached_by_the_link_that_is_printed_and_not_any_more_when_that_is_ended() {
    let shop = Shared::new(SERVED);
    shop.succeed(&["up", "-d"]);
    let printed = shop.succeed(&["share", "web", "--for", "2h"]);
    assert!(printed.contains("public: anyone with the link, for 1 h 59 min"), "{printed}");
    let node = shop.node("web");
    let url = node.public_url.clone().unwrap();
    assert!(printed.contains(&url) && url.ends_with(".trycloudflare.com"), "{printed}{node:#?}");
    assert_eq!(shop.succeed(&["url", "--public", "web"]).trim(), url);
    let host = url.strip_prefix("https://").unwrap();
    let answer = shop.cloudflare.visit(host, "/").unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(shop.succeed(&["tunnels"]).contains(host));

    // A stopped service ends what is shared for the moment.
    shop.succeed(&["unshare", "web"]);
    wait_until("the tunnel to be gone", SOON, || shop.cloudflareds().is_empty());
    assert_ne!(shop.cloudflare.visit(host, "/").map_or(0, |answer| answer.status), 200);
    assert_eq!(shop.node("web").public_url, None);
}

#[test]
fn what_was_shared_or_is_no_more_is_seen_as_such_by_whoever_looks_after_the_answer() {
    let shop = Shared::new(SERVED);
    shop.succeed(&["up", "-d"]);
    let share = Share { project: "shop".to_owned(), services: vec!["web".to_owned()], seconds: None };
    let unshare = |project: Option<&str>| Unshare { project: project.map(str::to_owned), services: vec![] };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::connect(&shop.home.home()).await.unwrap();
        for turn in 0..50 {
            client.call(share.clone()).await.unwrap();
            let shared = client.call(TakeSnapshot {}).await.unwrap();
            assert_eq!(shared.projects[0].nodes[0].exposures.len(), 1, "turn {turn}");
            client.call(unshare((turn % 2 == 0).then_some("shop"))).await.unwrap();
            let ended = client.call(TakeSnapshot {}).await.unwrap();
            assert_eq!(ended.projects[0].nodes[0].exposures, [], "turn {turn}");
        }
    });
}

#[test]
fn whoever_waits_for_a_link_is_told_that_somebody_else_ended_it() {
    let shop = Shared::new(SERVED);
    shop.cloudflare.freeze();
    shop.succeed(&["up", "-d"]);
    let mut share = shop.command(&["share", "web"]);
    let share = share.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    shop.wait_for_node("web", "being shared", |node| !node.exposures.is_empty());
    shop.succeed(&["unshare", "web"]);
    let told = share.wait_with_output().unwrap();
    let said = String::from_utf8(told.stderr).unwrap();
    assert!(said.contains("sharing web was ended before a link was there"), "{said}");
    assert_eq!((told.status.code(), &*told.stdout), (Some(1), &b""[..]));
}

#[test]
fn visitors_of_a_service_that_restarts_are_told_so_and_one_that_is_stopped_is_public_no_more() {
    let shop = Shared::new(SERVED);
    shop.succeed(&["up", "-d"]);
    shop.succeed(&["share", "web"]);
    let host = shop.host("web");
    shop.succeed(&["maintenance", "on", "web"]);
    let answer = shop.cloudflare.visit(&host, "/").unwrap();
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(!answer.body.contains("shop") && !answer.body.contains("web"), "{}", answer.body);
    shop.succeed(&["maintenance", "off", "web"]);
    assert_eq!(shop.cloudflare.visit(&host, "/").unwrap().status, 200);
    shop.succeed(&["down"]);
    wait_until("the tunnel to be gone", SOON, || shop.cloudflareds().is_empty());
    // It is not public by surprise when it is started again.
    shop.succeed(&["up", "-d"]);
    assert_eq!((shop.node("web").exposures, shop.cloudflareds().len()), (vec![], 0));
}

#[test]
fn a_service_that_its_configuration_shares_is_public_with_its_start_until_its_user_ends_that() {
    let shop =
        Shared::new("project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    public: quick\n");
    shop.succeed(&["up", "-d"]);
    let up =
        |node: &kinfra_rpc::NodeState| node.exposures.iter().any(|it| it.status == TunnelStatus::Healthy);
    shop.wait_for_node("web", "public", up);
    assert_eq!(shop.cloudflare.visit(&shop.host("web"), "/").unwrap().status, 200);
    shop.succeed(&["unshare", "--all"]);
    shop.succeed(&["restart", "web"]);
    let node = shop.wait_for_phase("web", Phase::Running);
    assert_eq!(node.exposures[0].status, TunnelStatus::Off, "{node:#?}");
    assert_eq!(node.exposures[0].reason, "not shared");
}

#[test]
fn a_tunnel_survives_the_engine_with_its_name_and_the_next_engine_takes_it_over() {
    let shop = Shared::new(SERVED);
    shop.succeed(&["up", "-d"]);
    shop.succeed(&["share", "web"]);
    let (host, before) = (shop.host("web"), shop.cloudflareds());
    let connector = shop.tunnels()[0].connector.clone();
    shop.kill("kinfra host");
    shop.succeed(&["up", "-d"]);
    let up =
        |node: &kinfra_rpc::NodeState| node.exposures.iter().any(|it| it.status == TunnelStatus::Healthy);
    shop.wait_for_node("web", "public again", up);
    assert_eq!((shop.host("web"), shop.cloudflareds()), (host.clone(), before));
    assert_eq!(shop.tunnels()[0].connector, connector);
    assert_eq!(shop.cloudflare.visit(&host, "/").unwrap().status, 200);
}

#[test]
fn what_a_tunnel_speaks_is_known_however_much_it_has_said_before_it_is_taken_over() {
    let shop = Shared::new(SERVED);
    shop.succeed(&["up", "-d"]);
    shop.succeed(&["share", "web"]);
    let host = shop.host("web");
    shop.kill("kinfra host");
    // With nobody behind it, it complains of each visitor: more often than is read of what was.
    for _ in 0..600 {
        assert_eq!(shop.cloudflare.visit(&host, "/").unwrap().status, 502);
    }
    shop.succeed(&["up", "-d"]);
    wait_until("the protocol to be known", SOON, || shop.tunnels()[0].protocol.as_deref() == Some("quic"));
    shop.cloudflare.freeze();
    let down = shop.wait_for_node("web", "down", |node| node.exposures[0].status == TunnelStatus::Down);
    assert!(down.exposures[0].reason.starts_with("no sign of life from Cloudflare"), "{down:#?}");
}

#[test]
fn what_happens_to_the_edge_is_said_in_words_and_a_quick_tunnel_keeps_its_name() {
    let shop = Shared::new(SERVED);
    shop.succeed(&["up", "-d"]);
    shop.succeed(&["share", "web"]);
    let (host, before) = (shop.host("web"), shop.cloudflareds());
    shop.cloudflare.freeze();
    let down = shop.wait_for_node("web", "down", |node| node.exposures[0].status == TunnelStatus::Down);
    assert!(down.exposures[0].reason.starts_with("no sign of life from Cloudflare"), "{down:#?}");
    shop.cloudflare.come_back();
    shop.wait_for_node("web", "up", |node| node.exposures[0].status == TunnelStatus::Healthy);
    assert_eq!((shop.host("web"), shop.cloudflareds()), (host, before));
}

#[test]
fn where_quic_is_blocked_a_tunnel_goes_by_http2_and_says_what_that_does_not_pass() {
    let shop = Shared::new(SERVED);
    shop.cloudflare.block_quic(true);
    shop.succeed(&["up", "-d"]);
    shop.succeed(&["share", "web"]);
    // What it speaks is read in its log, a moment after it is connected.
    let says_what_it_speaks =
        |exposure: &Exposure| exposure.reason.ends_with("by HTTP/2, which passes no WebSockets");
    shop.wait_for_node("web", "up by HTTP/2", |node| {
        node.exposures[0].status == TunnelStatus::Healthy && says_what_it_speaks(&node.exposures[0])
    });
    assert_eq!(shop.tunnels()[0].protocol.as_deref(), Some("http2"));
    assert_eq!(shop.cloudflare.visit(&shop.host("web"), "/").unwrap().status, 200);
}

#[test]
fn without_cloudflared_a_share_says_what_to_do() {
    let shop = Shared::without_cloudflared(SERVED);
    shop.succeed(&["up", "-d"]);
    let printed = shop.kinfra(&["share", "web"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    assert!(printed.stderr.contains("can't be used as cloudflared: No such file"), "{printed:#?}");
    // It is found once it is there.
    shop.install_cloudflared();
    shop.wait_for_node("web", "up", |node| node.exposures[0].status == TunnelStatus::Healthy);
}
