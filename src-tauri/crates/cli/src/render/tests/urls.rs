//! By which names a project and its services are shown to be reachable.

use kinfra_rpc::RouteState;

use super::*;

/// The project's own URL leads to this node.
fn make_main(project: &mut ProjectState, index: usize) {
    let route = RouteState { host: "shop.localhost".to_owned(), path: "/".to_owned(), strip: false };
    project.nodes[index].routes.push(route);
}

#[test]
fn status_begins_with_the_projects_own_url() {
    let mut project = shop(vec![healthy("api", 20_114, 200), healthy("web", 20_115, 8)]);
    make_main(&mut project, 1);
    let proxy = ProxyState { port: Some(7080), ..ProxyState::default() };
    assert_snapshot!(status(&project, &EngineState { proxy, ..EngineState::default() }, NOW, PLAIN), @r"
    ● shop · 2 of 2 healthy  /home/ada/shop
      http://shop.localhost:7080

       SERVICE  STATE            PORT    PID  UPTIME      RESTARTS  URL
    ●  api      healthy · 2 ms  20114  21114  3 min 20 s         0  http://api.shop.localhost:7080
    ●  web      healthy · 2 ms  20115  21115  8 s                0  http://web.shop.localhost:7080
    ");
}

#[test]
fn urls_of_those_that_have_one() {
    let mut project = shop(vec![healthy("store", 1, 1), stopped("job"), healthy("web", 2, 1)]);
    assert_snapshot!(urls(&project, Some(7080), PLAIN), @r"
    store  http://store.shop.localhost:7080
    web    http://web.shop.localhost:7080
    ");
    make_main(&mut project, 2);
    assert_snapshot!(urls(&project, Some(7080), PLAIN), @r"
    shop   http://shop.localhost:7080
    store  http://store.shop.localhost:7080
    web    http://web.shop.localhost:7080
    ");
    assert!(!urls(&project, None, PLAIN).contains("shop   "), "nobody answers there");
}
