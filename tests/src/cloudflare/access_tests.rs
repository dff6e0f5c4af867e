use std::time::Duration;

use serde_json::{Value, json};

use super::{Call, Cloudflare, Permission, Standing, Token, api};

fn get(cloudflare: &Cloudflare, token: &str, path: &str) -> super::Reply {
    cloudflare.ask_as(token, "GET", path, &Value::Null)
}

#[test]
fn a_users_token_is_verified_by_the_one_path_and_an_accounts_by_the_other() {
    let cloudflare = Cloudflare::start();
    let of_account = cloudflare.add_token(Token::of_an_account);
    let path_of_account = format!("/accounts/{}/tokens/verify", cloudflare.account());
    for (token, good, bad) in [
        (cloudflare.token(), "/user/tokens/verify", path_of_account.as_str()),
        (of_account, path_of_account.as_str(), "/user/tokens/verify"),
    ] {
        let reply = get(&cloudflare, &token, good);
        assert_eq!(reply.result()["status"], "active");
        assert_eq!(reply.value()["messages"][0]["message"], "This API Token is valid and active");
        assert_eq!(get(&cloudflare, &token, bad).refusal(), (401, 1000));
    }
}

#[test]
fn an_accounts_token_lists_no_accounts_and_finds_its_own_by_its_zones() {
    let cloudflare = Cloudflare::start();
    let token = cloudflare.add_token(Token::of_an_account);
    assert_eq!(get(&cloudflare, &token, "/accounts").refusal(), (400, 1001));
    let zones = get(&cloudflare, &token, "/zones?name=example.com").result();
    assert_eq!(zones[0]["account"], json!({"id": cloudflare.account(), "name": "Example"}));
}

#[test]
fn a_token_that_works_no_more_says_which_way() {
    let cloudflare = Cloudflare::start();
    for (standing, status) in [(Standing::Disabled, "disabled"), (Standing::Expired, "expired")] {
        let token = cloudflare.add_token(|account| Token::of_a_user(account).stands(standing));
        assert_eq!(get(&cloudflare, &token, "/user/tokens/verify").result()["status"], status);
        assert_eq!(get(&cloudflare, &token, "/zones").refusal(), (403, 9109));
    }
    let token = cloudflare.token();
    cloudflare.state().revoke(&token);
    assert_eq!(get(&cloudflare, &token, "/user/tokens/verify").refusal(), (401, 1000));
    assert_eq!(get(&cloudflare, &token, "/accounts").refusal(), (403, 9109));
}

#[test]
fn each_call_asks_for_its_permission() {
    let cloudflare = Cloudflare::start();
    let zones = "/zones".to_owned();
    let records = format!("/zones/{}/dns_records", cloudflare.zone());
    let tunnels = format!("/accounts/{}/cfd_tunnel", cloudflare.account());
    let body = json!({"type": "A", "name": "a", "content": "192.0.2.1"});
    for (permission, allowed) in [
        (Permission::ZoneRead, [200, 403, 403, 403]),
        (Permission::DnsRead, [403, 200, 403, 403]),
        (Permission::DnsEdit, [403, 200, 200, 403]),
        (Permission::TunnelRead, [403, 403, 403, 200]),
        (Permission::TunnelEdit, [403, 403, 403, 200]),
    ] {
        let token = cloudflare.add_token(|account| Token::of_a_user(account).may(&[permission]));
        let statuses = [("GET", &zones), ("GET", &records), ("POST", &records), ("GET", &tunnels)]
            .map(|(method, path)| cloudflare.ask_as(&token, method, path, &body).status);
        assert_eq!(statuses, allowed, "{permission:?}");
    }
    let reader = cloudflare.add_token(|account| Token::of_a_user(account).may(&[Permission::TunnelRead]));
    let tunnel = cloudflare.state().add_tunnel("x").id;
    let token = get(&cloudflare, &reader, &format!("{tunnels}/{tunnel}/token"));
    assert_eq!(token.refusal(), (403, 10000), "who reads it can run the tunnel");
}

#[test]
fn what_is_anothers_is_refused_as_if_it_were_not_there() {
    let cloudflare = Cloudflare::start();
    let other = cloudflare.state().add_account("Other");
    let tunnels = |account: &str| format!("/accounts/{account}/cfd_tunnel");
    let token = cloudflare.token();
    assert_eq!(get(&cloudflare, &token, &tunnels(&other)).refusal(), (403, 10000));
    let other_zone = cloudflare.state().add_zone("other.net", "active");
    let only = std::collections::BTreeSet::from([cloudflare.zone()]);
    let narrow = cloudflare.add_token(|account| Token { zones: Some(only), ..Token::of_a_user(account) });
    assert_eq!(get(&cloudflare, &narrow, "/zones").result().as_array().unwrap().len(), 1);
    assert_eq!(
        get(&cloudflare, &narrow, &format!("/zones/{other_zone}/dns_records")).refusal(),
        (403, 10000)
    );
    assert_eq!(get(&cloudflare, &narrow, &format!("/zones/{other_zone}")).refusal(), (403, 9109));
}

#[test]
fn a_token_with_a_line_end_is_no_header() {
    let cloudflare = Cloudflare::start();
    let reply = get(&cloudflare, &format!("{} ", cloudflare.token()), "/zones");
    assert_eq!(reply.refusal(), (400, 6003));
    assert_eq!(reply.value()["errors"][0]["error_chain"][0]["code"], 6111);
    assert_eq!(get(&cloudflare, "short", "/zones").refusal(), (400, 6003));
    let nothing = Call::new("GET", "/zones", None, "");
    assert_eq!(api::answer(&mut cloudflare.state(), &nothing).refusal(), (400, 10001));
}

#[test]
fn a_wrong_path_is_told_by_its_fault() {
    let cloudflare = Cloudflare::start();
    let account = cloudflare.account();
    for (path, wanted) in [
        ("/nowhere".to_owned(), (404, 7000)),
        ("/zones/nonsense/dns_records".to_owned(), (400, 7003)),
        (format!("/accounts/{account}/cfd_tunnel/nonsense"), (400, 7003)),
        (format!("/accounts/{account}/cfd_tunnel//configurations"), (405, 10000)),
    ] {
        assert_eq!(get(&cloudflare, &cloudflare.token(), &path).refusal(), wanted, "{path}");
    }
}

#[test]
fn a_list_is_given_by_pages() {
    let cloudflare = Cloudflare::start();
    for number in 0..4 {
        cloudflare.state().add_zone(&format!("z{number}.net"), "pending");
    }
    let reply = get(&cloudflare, &cloudflare.token(), "/zones?per_page=2&page=3").value();
    assert_eq!(reply["result"][0]["name"], "z3.net");
    let info = json!({"page": 3, "per_page": 2, "count": 1, "total_count": 5, "total_pages": 3});
    assert_eq!(reply["result_info"], info);
    let active = get(&cloudflare, &cloudflare.token(), "/zones?status=active").result();
    assert_eq!(active.as_array().unwrap().len(), 1);
}

#[test]
fn over_the_limit_even_what_is_right_is_refused_until_five_minutes_have_passed() {
    let cloudflare = Cloudflare::start();
    cloudflare.state().rate.limit = 2;
    let ask = || get(&cloudflare, &cloudflare.token(), "/zones");
    assert_eq!(ask().header("ratelimit"), Some("\"default\";r=1;t=300"));
    assert_eq!(ask().status, 200);
    let reply = ask();
    assert_eq!((reply.status, reply.body.as_str()), (429, "error code: 1015"));
    assert_eq!(reply.header("retry-after"), Some("300"));
    cloudflare.state().clock.advance(Duration::from_secs(290));
    assert_eq!(ask().status, 429);
    cloudflare.state().clock.advance(Duration::from_secs(10));
    assert_eq!(ask().status, 200);
}
