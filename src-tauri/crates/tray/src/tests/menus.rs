use std::collections::BTreeSet;
use std::fmt::Write;

use kinfra_rpc::{ErrorCode, Exit, Health, NodeKind, NodeState, Phase, Snapshot};

use super::states;
use crate::{Action, Engine, Item, Kind, Menu, menu};

/// As a person sees it, all submenus open.
fn drawn(menu: &Menu) -> String {
    fn draw(items: &[Item], depth: usize, out: &mut String) {
        for item in items {
            let indent = "    ".repeat(depth);
            match (item.kind, item.enabled) {
                (Kind::Separator, _) => writeln!(out, "{indent}────"),
                (Kind::Submenu, _) => writeln!(out, "{indent}{} ▸", item.label),
                (Kind::Line, true) => writeln!(out, "{indent}{}", item.label),
                (Kind::Line, false) => writeln!(out, "{indent}({})", item.label),
            }
            .unwrap();
            draw(&item.children, depth + 1, out);
        }
    }
    let mut out = String::new();
    draw(&menu.items, 0, &mut out);
    out
}

macro_rules! menus {
    ($($name:ident,)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), drawn(&menu(&states::$name(), Engine::Here)));
        }
    )*};
}

menus! {
    idle,
    starting,
    running,
    in_maintenance,
    degraded,
    failed,
    resources,
    clouds,
    paused_by_vendor,
    broken_configuration,
    two_projects,
    long_names,
    proxy_port_taken,
    quitting,
    being_shared,
    one_public,
    several_public,
    tunnels_down,
}

#[test]
fn no_projects() {
    insta::assert_snapshot!("no_projects", drawn(&menu(&states::state(vec![]), Engine::Here)));
}

#[test]
fn an_engine_elsewhere_is_not_ended_by_quit() {
    let menu = menu(&states::running(), Engine::Elsewhere);
    assert_eq!(menu.find("quit").unwrap().label, "Close tray (engine keeps running)");
}

#[test]
fn keys_are_unique_and_begin_with_their_submenus() {
    fn walk(items: &[Item], parent: &str, keys: &mut BTreeSet<String>) {
        for item in items {
            assert!(item.key.starts_with(parent), "{} in {parent}", item.key);
            assert!(keys.insert(item.key.clone()), "{} twice", item.key);
            walk(&item.children, &item.key, keys);
        }
    }
    for state in states::all() {
        walk(&menu(&state, Engine::Here).items, "", &mut BTreeSet::new());
    }
}

#[test]
fn start_is_offered_only_where_something_that_it_means_does_not_run() {
    let can_start = |nodes| {
        let menu = menu(&states::state(vec![states::project("shop", nodes)]), Engine::Here);
        menu.find("project/shop/start").unwrap().enabled
    };
    let manual = |node: NodeState| NodeState { optional: true, ..node };
    let console = || manual(states::stopped("console"));
    assert!(can_start(vec![]));
    assert!(can_start(vec![states::healthy("web"), states::stopped("api")]));
    assert!(!can_start(vec![states::healthy("web"), console()]));
    assert!(!can_start(vec![console()]));
    let crashed = || manual(states::node("db", Phase::CrashLooping, Health::Unknown));
    assert!(!can_start(vec![states::healthy("web"), crashed()]));
    let needs_it = NodeState { depends_on: vec!["db".into()], ..states::healthy("web") };
    assert!(can_start(vec![needs_it, crashed()]));
    let task = |node: NodeState| NodeState { kind: NodeKind::Task, ..node };
    assert!(can_start(vec![states::healthy("web"), task(states::stopped("migrate"))]));
    let exit = Some(Exit { code: Some(0), signal: None, at: 1 });
    let done = NodeState { last_exit: exit, ..states::node("migrate", Phase::Exited, Health::Unknown) };
    assert!(!can_start(vec![states::healthy("web"), task(done)]));
}

#[test]
fn the_maintenance_of_a_service_is_begun_and_ended_by_the_same_line() {
    let asked = |state: &Snapshot, service: &str| {
        menu(state, Engine::Here).clicked(&format!("project/shop/service/{service}/maintenance")).cloned()
    };
    let maintain = |on| Action::Maintain { project: "shop".into(), service: "web".into(), on };
    assert_eq!(asked(&states::running(), "web"), Some(maintain(true)));
    assert_eq!(asked(&states::in_maintenance(), "web"), Some(maintain(false)));
    assert_eq!(asked(&states::running(), "worker"), None, "it has no visitors");
    assert_eq!(asked(&states::quitting(), "web"), None, "the engine ends");
}

#[test]
fn a_resource_is_paused_and_resumed_by_the_same_line_where_that_is_possible() {
    let asked = |state: &Snapshot, resource: &str| {
        menu(state, Engine::Here).clicked(&format!("project/shop/service/{resource}/pause")).cloned()
    };
    let pause = |resource: &str, on| Action::Pause { project: "shop".into(), resource: resource.into(), on };
    assert_eq!(asked(&states::clouds(), "db"), Some(pause("db", true)));
    assert_eq!(asked(&states::clouds(), "site"), Some(pause("site", true)));
    assert_eq!(asked(&states::clouds(), "worker"), Some(pause("worker", false)));
    assert_eq!(asked(&states::paused_by_vendor(), "auth"), Some(pause("auth", false)));
    assert_eq!(asked(&states::clouds(), "auth"), None, "it does not run");
    assert_eq!(asked(&states::clouds(), "queue"), None, "it is being paused");
    assert_eq!(asked(&states::clouds(), "search"), None, "it is being resumed");
    assert_eq!(asked(&states::clouds(), "web"), None, "it can't be paused");
    let mut ending = states::clouds();
    ending.engine.ending = true;
    assert_eq!(asked(&ending, "db"), None, "the engine ends");
}

#[test]
fn a_start_of_the_project_has_what_is_paused_go_on() {
    let can_start = |node| {
        let menu = menu(&states::state(vec![states::project("shop", vec![node])]), Engine::Here);
        menu.find("project/shop/start").unwrap().enabled
    };
    let with = |code, message| states::paused("neon", "db", code, message);
    assert!(can_start(with(ErrorCode::ResourcePaused, "is paused")));
    assert!(!can_start(with(ErrorCode::ResourceResuming, "is being resumed · 5 s so far")));
    assert!(!can_start(states::remote("neon", states::healthy("db"))));
}

#[test]
fn a_project_of_which_all_is_paused_says_so() {
    let db = states::paused("neon", "db", ErrorCode::ResourcePaused, "is paused");
    let menu = menu(&states::state(vec![states::project("shop", vec![db])]), Engine::Here);
    assert_eq!(menu.find("project/shop").unwrap().label, "shop · paused");
}

#[test]
fn sharing_is_begun_and_ended_by_the_same_line_where_a_service_is_to_run() {
    let asked = |state: &Snapshot, service: &str| {
        menu(state, Engine::Here).clicked(&format!("project/shop/service/{service}/share")).cloned()
    };
    let (project, service) = (|| "shop".to_owned(), |name: &str| name.to_owned());
    let share = Action::Share { project: project(), service: service("api") };
    let unshare = |name| Action::Unshare { project: project(), service: service(name) };
    assert_eq!(asked(&states::one_public(), "api"), Some(share));
    assert_eq!(asked(&states::one_public(), "web"), Some(unshare("web")));
    assert_eq!(asked(&states::one_public(), "docs"), None, "it does not run");
    assert_eq!(asked(&states::several_public(), "docs"), Some(unshare("docs")), "its name is parked");
    assert_eq!(asked(&states::running(), "worker"), None, "it has no visitors");
    let ending = |mut state: Snapshot| {
        state.engine.ending = true;
        state
    };
    assert_eq!(asked(&ending(states::one_public()), "web"), None, "the engine ends");
}

#[test]
fn a_name_that_stands_for_many_has_nothing_to_copy() {
    let mut state = states::several_public();
    state.projects.truncate(1);
    state.projects[0].nodes.truncate(1);
    state.projects[0].nodes[0].exposures.drain(..2);
    let menu = menu(&state, Engine::Here);
    assert!(menu.find("public").is_some());
    assert!(!drawn(&menu).contains("Copy public URL"));
}

#[test]
fn a_click_on_what_is_disabled_or_gone_asks_for_nothing() {
    let menu = menu(&states::idle(), Engine::Here);
    assert!(menu.clicked("project/shop/start").is_some());
    assert_eq!(menu.clicked("project/shop/stop"), None);
    assert_eq!(menu.clicked("project/blog/start"), None);
}
