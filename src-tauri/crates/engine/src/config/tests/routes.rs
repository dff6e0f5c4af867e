//! Where requests are led, and what can be wrong about that.

use insta::assert_snapshot;
use kinfra_rpc::{Forwarding, HostHeader, UpstreamProtocol};

use super::{faults, spec};
use crate::config::RouteSpec;

#[test]
fn a_route_is_a_path_or_a_map_and_ends_in_no_slash() {
    let spec = spec(
        "
services:
  web: {run: x, route: /}
  api: {run: x, route: /api/}
  old: {run: x, route: {path: /old/v1, strip: true}}
  own: {run: x}
",
    );
    let route = |path: &str, strip| Some(RouteSpec { path: path.to_owned(), strip });
    let routes: Vec<_> = spec.services.iter().map(|service| service.route.clone()).collect();
    assert_eq!(routes, [route("/", false), route("/api", false), route("/old/v1", true), None]);
}

#[test]
fn a_domain_is_lower_case_and_there_once() {
    let spec = spec(
        "
services:
  web: {run: x, domains: [Shop.Test, www.shop.test, shop.test]}
  api: {run: x, domains: api}
  own: {run: x}
",
    );
    let domains: Vec<_> = spec.services.iter().map(|service| service.domains.join(" ")).collect();
    assert_eq!(domains, ["shop.test www.shop.test", "api", ""]);
}

#[test]
fn how_requests_are_handed_on_is_as_usual_unless_it_is_written() {
    let spec = spec(
        "
services:
  web: {run: x, proxy: {hold: 10s, protocol: http2, host: rewrite}}
  api: {run: x, proxy: {hold: 1.5}}
  own: {run: x}
",
    );
    let given = |hold_ms, protocol, host| Forwarding { hold_ms, protocol, host };
    let forwarding: Vec<_> = spec.services.iter().map(|service| service.forwarding).collect();
    assert_eq!(
        forwarding,
        [
            given(10_000, UpstreamProtocol::Http2, HostHeader::Rewrite),
            given(1500, UpstreamProtocol::Auto, HostHeader::Auto),
            Forwarding::default(),
        ]
    );
}

#[test]
fn the_main_service_says_so_or_is_the_only_one_or_is_named_web() {
    for (services, expected) in [
        ("{web: {run: x}, shop: {run: x, route: /}}", Some("shop")),
        ("{shop: {run: x}, worker: {run: x, port: none}, dns: {run: x, port: auto/udp}}", Some("shop")),
        ("{shop: {run: x}, seed: {run: x, type: task}}", Some("shop")),
        ("{shop: {run: x}, web: {run: x}}", Some("web")),
        ("{shop: {run: x}, api: {run: x}, web: {run: x, port: none}}", None),
        ("{shop: {run: x}, api: {run: x, route: /api}}", None),
        ("{worker: {run: x, port: none}}", None),
    ] {
        let spec = spec(&format!("services: {services}"));
        assert_eq!(spec.main_service().map(|service| &*service.name), expected, "{services}");
    }
}

#[test]
fn a_path_that_no_request_could_have_says_why() {
    let fault = |route: &str| faults(&format!("services: {{a: {{run: x, route: {route}}}}}\n"));
    let routes = [
        "api",
        "'/a?b'",
        "'/a#b'",
        "/a//b",
        "/api//",
        "//",
        "/a/../b",
        "/a/%2E%2e",
        "'/api/*'",
        "'/a b'",
        "/ü",
        "/100%",
        "[/a, /b]",
        "{strip: true}",
        "{path: /a, prefix: /b, strip_prefix: true}",
        "{path: ''}",
    ];
    assert_snapshot!(routes.map(fault).join("\n"), @"
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `api` does not begin with `/`
      hint: a path such as `/api`; host names are written with `domains`
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/a?b` has a query or a fragment
      hint: requests are told apart by host and path alone
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/a#b` has a query or a fragment
      hint: requests are told apart by host and path alone
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/a//b` has an empty segment
      hint: write one `/` between two segments
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/api//` has an empty segment
      hint: write one `/` between two segments
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `//` has an empty segment
      hint: write one `/` between two segments
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/a/../b` has a segment `.` or `..`
      hint: write the path that is meant
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/a/%2E%2e` has a segment `.` or `..`
      hint: write the path that is meant
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/api/*` ends in `/*`
      hint: leave that off: a path fits everything below it
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/a b` holds ` `
      hint: write such a character as `%` and two digits for each byte
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/ü` holds `ü`
      hint: write such a character as `%` and two digits for each byte
    /shop/kinfra.yaml:1:31: `services.a.route`: the path `/100%` has a `%` without two digits behind it
      hint: a `%` itself is written `%25`
    /shop/kinfra.yaml:1:31: `services.a.route` is a list, but must be a path such as `/api`
    /shop/kinfra.yaml:1:31: `services.a.route.path` is missing
      hint: for example `path: /api`
    /shop/kinfra.yaml:1:42: unknown key `prefix` in `services.a.route`
      hint: did you mean `path`?
    /shop/kinfra.yaml:1:54: unknown key `strip_prefix` in `services.a.route`
      hint: did you mean `strip`?
    /shop/kinfra.yaml:1:38: `services.a.route.path`: the path `` does not begin with `/`
      hint: a path such as `/api`; host names are written with `domains`
    ");
}

#[test]
fn a_domain_that_is_no_host_name_says_why() {
    let fault = |domain: &str| faults(&format!("services: {{a: {{run: x, domains: {domain}}}}}\n"));
    let long = format!("{}.test", "a".repeat(64));
    let domains = [
        "'http://shop.test'",
        "'shop.test:80'",
        "127.0.0.1",
        "'127.1'",
        "'::1'",
        "'[::1]'",
        "'0x7f000001'",
        "localhost",
        "Shop.LocalHost",
        "'*.shop.test'",
        "shop.test.",
        "''",
        "shop_one.test",
        "büro.test",
        "-a.test",
        &long,
        "[shop.test, 7]",
    ];
    assert_snapshot!(domains.map(fault).join("\n"), @"
    /shop/kinfra.yaml:1:33: `services.a.domains`: `http://shop.test` is a URL
      hint: write the host name alone, such as `shop.test`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `shop.test:80` has a port
      hint: write the host name alone: the port is the proxy's own
    /shop/kinfra.yaml:1:33: `services.a.domains`: `127.0.0.1` is an IP address
      hint: write a host name that leads to 127.0.0.1, such as `shop.test`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `127.1` is an IP address
      hint: write a host name that leads to 127.0.0.1, such as `shop.test`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `::1` is an IP address
      hint: write a host name that leads to 127.0.0.1, such as `shop.test`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `[::1]` is an IP address
      hint: write a host name that leads to 127.0.0.1, such as `shop.test`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `0x7f000001` is an IP address
      hint: write a host name that leads to 127.0.0.1, such as `shop.test`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `localhost` belongs to KInfra's own names
      hint: names in `localhost` come of the project's name and its services'; write another one, such as `shop.test`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `Shop.LocalHost` belongs to KInfra's own names
      hint: names in `localhost` come of the project's name and its services'; write another one, such as `shop.test`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `*.shop.test` is a pattern
      hint: write each host name by itself
    /shop/kinfra.yaml:1:33: `services.a.domains`: `shop.test.` has an empty part
      hint: write one `.` between two parts, and none at either end
    /shop/kinfra.yaml:1:33: `services.a.domains`: `` is empty
      hint: write a host name such as `shop.test`, or leave it off
    /shop/kinfra.yaml:1:33: `services.a.domains`: `shop_one.test` holds `_`
      hint: a host name is made of letters, digits and `-`, with `.` between its parts
    /shop/kinfra.yaml:1:33: `services.a.domains`: `büro.test` holds `ü`
      hint: write it as DNS has it, in ASCII: `xn--…`
    /shop/kinfra.yaml:1:33: `services.a.domains`: `-a.test` has a part that begins or ends with `-`
      hint: DNS knows no such names
    /shop/kinfra.yaml:1:33: `services.a.domains`: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test` has a part that is longer than 63 characters
      hint: DNS has no longer ones
    /shop/kinfra.yaml:1:45: `services.a.domains` is `7`, but must be a host name such as `shop.test`, or a list of them
    ");
}

#[test]
fn what_two_services_take_names_both() {
    assert_snapshot!(faults("
services:
  web: {run: x, route: /api/, domains: [shop.test]}
  api:
    run: x
    route: /api
    domains:
    - api.test
    - SHOP.test
"), @"
    /shop/kinfra.yaml:6:12: `api` takes the path `/api`, which `web` already has (line 3)
      hint: give one of them another path
    /shop/kinfra.yaml:9:7: `api` takes the domain `shop.test`, which `web` already has (line 3)
      hint: take it away from one of them
    ");
}

#[test]
fn nobody_is_led_to_what_takes_no_connections() {
    assert_snapshot!(faults("
services:
  worker: {run: x, port: none, route: /}
  dns: {run: x, port: 53/udp, domains: dns.test, proxy: {hold: 1s}}
  seed: {run: x, type: task, route: /seed}
"), @"
    /shop/kinfra.yaml:3:39: `services.worker` has `route`, but it has no port
      hint: give it one, such as `port: auto`
    /shop/kinfra.yaml:4:40: `services.dns` has `domains`, but its port is a UDP one, which takes no connections
      hint: give it `ports` with a TCP one named `http`
    /shop/kinfra.yaml:4:57: `services.dns` has `proxy`, but its port is a UDP one, which takes no connections
      hint: give it `ports` with a TCP one named `http`
    /shop/kinfra.yaml:5:37: `services.seed` has `route`, but it has no port
      hint: give it one, such as `port: auto`
    ");
}

#[test]
fn what_the_proxy_does_is_one_of_few_things() {
    assert_snapshot!(faults("
services:
  a: {run: x, proxy: {hold: 6m, protocol: h2, host: localhost}}
  b: {run: x, proxy: {host_header: keep, timeout: 1s}}
  c: {run: x, proxy: 7080}
"), @"
    /shop/kinfra.yaml:3:29: `services.a.proxy.hold` is `6m`, but must be at most `5m`
    /shop/kinfra.yaml:3:43: `services.a.proxy.protocol` is `h2`, but must be `auto`, `http1` or `http2`
    /shop/kinfra.yaml:3:53: `services.a.proxy.host` is `localhost`, but must be `auto`, `keep` or `rewrite`
    /shop/kinfra.yaml:4:23: unknown key `host_header` in `services.b.proxy`
      hint: did you mean `host`?
    /shop/kinfra.yaml:4:42: unknown key `timeout` in `services.b.proxy`
      hint: did you mean `hold`?
    /shop/kinfra.yaml:5:22: `services.c.proxy` is `7080`, but must be a map of settings
    ");
}

#[test]
fn what_others_call_a_route_or_a_domain_names_ours() {
    assert_snapshot!(faults("
services:
  a:
    run: x
    path: /api
    strip_prefix: true
    host: a.test
    hostname: b.test
    prefix: /api
"), @"
    /shop/kinfra.yaml:5:5: unknown key `path` in `services.a`
      hint: did you mean `route`?
    /shop/kinfra.yaml:6:5: unknown key `strip_prefix` in `services.a`
      hint: did you mean `route`?
    /shop/kinfra.yaml:7:5: unknown key `host` in `services.a`
      hint: did you mean `domains`?
    /shop/kinfra.yaml:8:5: unknown key `hostname` in `services.a`
      hint: did you mean `domains`?
    /shop/kinfra.yaml:9:5: unknown key `prefix` in `services.a`
      hint: did you mean `route`?
    ");
}
