//! Services made public by names of the user's own: the account, the tunnel, the rules, the records, and back.

use std::time::Duration;

use kinfra_rpc::{NodeState, TunnelKind, TunnelStatus};

use crate::cloudflare::Shared;
use crate::{wait_for, wait_until};

const SOON: Duration = Duration::from_secs(40);

const SERVED: &str = "project: shop
services:
  web:
    run: [MISBEHAVE, serve]
    public: [shop.example.com, '*.shop.example.com']
  api:
    run: [MISBEHAVE, serve]
    public: {host: shop.example.com/api, when_stopped: withdraw}
";

fn is_up(node: &NodeState) -> bool {
    !node.exposures.is_empty() && node.exposures.iter().all(|it| it.status == TunnelStatus::Healthy)
}

/// What the record of a name leads to.
fn record(shop: &Shared, name: &str) -> Option<String> {
    Some(shop.cloudflare.state().record(name)?.content.clone())
}

#[test]
fn names_of_the_users_own_are_public_from_the_start_on_and_gone_when_that_is_ended() {
    let shop = Shared::with_account(SERVED);
    shop.wait_for_node("web", "public", is_up);
    shop.wait_for_node("api", "public", is_up);
    let tunnels = shop.tunnels();
    assert_eq!((tunnels.len(), tunnels[0].kind), (1, TunnelKind::Named), "{tunnels:#?}");
    for (host, path) in [("shop.example.com", "/"), ("shop.example.com", "/api/x")] {
        assert_eq!(shop.cloudflare.visit(host, path).unwrap().status, 200, "{host}{path}");
    }
    assert_eq!(shop.node("web").public_url.as_deref(), Some("https://shop.example.com"));
    assert_eq!(shop.node("api").public_url.as_deref(), Some("https://shop.example.com/api"));
    let plan = shop.succeed(&["tunnels", "plan"]);
    assert!(plan.contains("all is as it should be"), "{plan}");

    // A stopped service parks its name; its visitors are told.
    shop.succeed(&["down", "web"]);
    let answer = shop.cloudflare.visit("shop.example.com", "/").unwrap();
    assert_eq!(answer.status, 503, "{answer:?}");

    shop.succeed(&["unshare"]);
    wait_until("the records to be gone", SOON, || record(&shop, "shop.example.com").is_none());
    wait_until("the tunnel to be stopped", SOON, || shop.cloudflareds().is_empty());
    assert!(shop.cloudflare.visit("shop.example.com", "/").is_err());
}

#[test]
fn a_foreign_record_is_shown_and_replaced_on_the_users_word_alone() {
    let shop = Shared::new(SERVED);
    shop.cloudflare.state().add_record("A", "shop.example.com", "192.0.2.7", true);
    shop.up();
    shop.succeed(&["accounts", "add", "main", "--stored"]);
    let node = shop.wait_for_node("web", "refused", |node| {
        node.exposures.iter().any(|it| it.status == TunnelStatus::Down)
    });
    let told = &node.exposures.iter().find(|it| it.status == TunnelStatus::Down).unwrap().reason;
    assert!(told.contains("192.0.2.7"), "{told}");
    assert_eq!(record(&shop, "shop.example.com").as_deref(), Some("192.0.2.7"));
    let plans = shop.json(&["tunnels", "plan", "--json"]);
    let seal =
        plans["accounts"][0]["foreign"][0]["seal"].as_str().unwrap_or_else(|| panic!("{plans:#}")).to_owned();
    shop.succeed(&["tunnels", "take-over", "shop.example.com", "--seal", &seal]);
    shop.wait_for_node("web", "public", is_up);
    assert_eq!(shop.cloudflare.visit("shop.example.com", "/").unwrap().status, 200);
}

#[test]
fn the_tunnel_survives_the_engine_and_one_that_is_deleted_is_made_anew() {
    let shop = Shared::with_account(SERVED);
    shop.wait_for_node("web", "public", is_up);
    let (before, connector) = (shop.cloudflareds(), shop.tunnels()[0].connector.clone());
    shop.kill("kinfra host");
    assert_eq!(shop.cloudflare.visit("shop.example.com", "/").map_or(0, |answer| answer.status), 502);
    shop.up();
    shop.wait_for_node("web", "public again", is_up);
    assert_eq!((shop.cloudflareds(), shop.tunnels()[0].connector.clone()), (before, connector));
    assert_eq!(shop.cloudflare.visit("shop.example.com", "/").unwrap().status, 200);

    let was = record(&shop, "shop.example.com").unwrap();
    shop.cloudflare.state().delete_tunnel(was.trim_end_matches(".cfargotunnel.com"));
    wait_until("another tunnel to be made", SOON, || {
        record(&shop, "shop.example.com").is_some_and(|now| now != was)
    });
    wait_for("its visitors to be served", SOON, || {
        shop.cloudflare.visit("shop.example.com", "/").ok().filter(|answer| answer.status == 200)
    });
    shop.wait_for_node("web", "public again", is_up);
}

#[test]
fn a_token_that_lacks_a_permission_is_not_taken_and_says_which_and_where_to_get_it() {
    let shop = Shared::new(SERVED);
    shop.succeed(&["up", "-d"]);
    let refused = shop.kinfra_given(&["accounts", "add", "main"], "no token at all");
    assert!(refused.stderr.contains("paste the token alone"), "{refused:#?}");
    let unknown = shop.kinfra_given(&["accounts", "add", "main"], "0123456789012345678901234567890123456789");
    assert!(unknown.stderr.contains("Cloudflare knows no such API token"), "{unknown:#?}");
    let listed = shop.succeed(&["accounts"]);
    assert!(listed.contains("https://dash.cloudflare.com/profile/api-tokens?"), "{listed}");
    let node = shop.node("web");
    assert_eq!(node.exposures[0].reason, "no Cloudflare account has this name", "{node:#?}");
}

#[test]
fn a_configuration_that_can_not_be_read_any_more_takes_no_name_away() {
    let shop = Shared::with_account(SERVED);
    shop.wait_for_node("web", "public", is_up);
    let (was, file) = (record(&shop, "shop.example.com"), shop.folder().join("kinfra.yaml"));
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "services: [").unwrap();
    shop.kill("kinfra host");
    shop.cloudflare.state().requests.forget();
    assert_eq!(shop.start_broken(), Some(3), "the configuration has a problem");
    wait_until("Cloudflare to be looked at", SOON, || {
        shop.cloudflare.state().requests.lines().iter().any(|line| line.contains("/dns_records"))
    });
    std::fs::write(&file, good).unwrap();
    shop.up();
    shop.wait_for_node("web", "public again", is_up);
    assert_eq!(record(&shop, "shop.example.com"), was);
    let writes: Vec<String> = shop.cloudflare.state().requests.writes().map(|it| it.path.clone()).collect();
    assert_eq!(writes, [""; 0]);
}

#[test]
fn a_name_that_is_added_to_what_runs_is_public_with_the_configuration_that_has_it() {
    let shop = Shared::with_account(SERVED);
    shop.wait_for_node("web", "public", is_up);
    let file = shop.folder().join("kinfra.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[shop.example.com,", "[shop.example.com, new.example.com,")).unwrap();
    shop.succeed(&["apply"]);
    shop.wait_for_node("web", "public by its new name", |node| node.exposures.len() == 3 && is_up(node));
    assert_eq!(shop.cloudflare.visit("new.example.com", "/").unwrap().status, 200);
    // And gone with the one that has it no more.
    std::fs::write(&file, text).unwrap();
    shop.succeed(&["apply"]);
    wait_until("its record to be gone", SOON, || record(&shop, "new.example.com").is_none());
    assert_eq!(shop.cloudflare.visit("shop.example.com", "/").unwrap().status, 200);
}

#[test]
fn a_name_that_is_not_to_outlive_its_service_is_gone_with_a_quit() {
    let shop = Shared::with_account(
        "project: shop
services:
  web:
    run: [MISBEHAVE, serve]
    public: shop.example.com
  api:
    run: [MISBEHAVE, serve]
    public: {host: api.example.com, when_stopped: withdraw}
",
    );
    shop.wait_for_node("web", "public", is_up);
    shop.wait_for_node("api", "public", is_up);
    let parked = record(&shop, "shop.example.com");
    shop.succeed(&["quit"]);
    assert_eq!((record(&shop, "shop.example.com"), record(&shop, "api.example.com")), (parked.clone(), None));
    assert_eq!(shop.cloudflareds(), [0; 0]);
    shop.up();
    shop.wait_for_node("api", "public again", is_up);
    assert_eq!(record(&shop, "api.example.com"), parked);
    assert_eq!(shop.cloudflare.visit("api.example.com", "/").unwrap().status, 200);
}

#[test]
fn what_another_machine_left_is_found_where_nothing_is_public() {
    let shop = Shared::with_account("project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n");
    {
        let mut state = shop.cloudflare.state();
        let other = state.add_tunnel("kinfra-laptop-ffffffff").target();
        state.add_record("CNAME", "laptop.example.com", &other, true);
        state.records.last_mut().unwrap().comment = Some("KInfra ffffffff: blog/web".to_owned());
    }
    let found = shop.kinfra(&["tunnels", "doctor"]);
    assert_eq!(found.code, Some(1), "{found:#?}");
    assert!(found.stdout.contains("laptop.example.com, made by KInfra on another machine"), "{found:#?}");
    let plan = shop.json(&["tunnels", "plan", "--json"]);
    assert_eq!(plan["accounts"][0]["steps"], serde_json::json!([]), "{plan:#}");
    assert_eq!(shop.cloudflare.state().requests.writes().count(), 0);
}
