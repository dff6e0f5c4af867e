//! The states that the tests look at.

use kinfra_rpc::{
    EngineState, ErrorCode, Exit, Health, Maintenance, NodeState, Phase, Place, Problem, ProjectState,
    Snapshot, Wanted,
};

pub fn node(name: &str, phase: Phase, health: Health) -> NodeState {
    NodeState {
        name: name.into(),
        wanted: if phase == Phase::Stopped { Wanted::Stopped } else { Wanted::Running },
        phase,
        health,
        url: Some(format!("http://{name}.shop.localhost:7080")),
        ..NodeState::default()
    }
}

pub fn stopped(name: &str) -> NodeState {
    node(name, Phase::Stopped, Health::Unknown)
}

pub fn healthy(name: &str) -> NodeState {
    node(name, Phase::Running, Health::Healthy)
}

pub fn project(name: &str, nodes: Vec<NodeState>) -> ProjectState {
    ProjectState {
        slug: name.into(),
        name: name.into(),
        folder: format!("/code/{name}").into(),
        nodes,
        ..ProjectState::default()
    }
}

pub fn state(projects: Vec<ProjectState>) -> Snapshot {
    Snapshot { revision: 1, engine: EngineState::default(), projects }
}

pub fn idle() -> Snapshot {
    state(vec![project("shop", vec![stopped("store"), stopped("api"), stopped("web")])])
}

pub fn starting() -> Snapshot {
    let waiting = |name: &str, dependency: &str| NodeState {
        waits_for: vec![dependency.into()],
        ..node(name, Phase::Waiting, Health::Unknown)
    };
    let store = node("store", Phase::Starting, Health::Starting);
    state(vec![project("shop", vec![store, waiting("api", "store"), waiting("web", "api")])])
}

pub fn running() -> Snapshot {
    let public = NodeState { public_url: Some("https://shop.example.com".into()), ..healthy("web") };
    let quiet = NodeState { url: None, ..healthy("worker") };
    state(vec![project("shop", vec![healthy("store"), healthy("api"), public, quiet])])
}

pub fn in_maintenance() -> Snapshot {
    let mut state = running();
    for node in &mut state.projects[0].nodes[1..3] {
        node.maintenance = Some(Maintenance { note: Some("back at 15:00".into()), ..Maintenance::default() });
    }
    state
}

pub fn degraded() -> Snapshot {
    let crashed = NodeState {
        last_exit: Some(Exit { code: None, signal: Some(9), at: 1 }),
        retry_at: Some(4_000),
        ..node("api", Phase::Exited, Health::Unknown)
    };
    let web = node("web", Phase::Running, Health::Unhealthy);
    state(vec![project("shop", vec![healthy("store"), crashed, web])])
}

pub fn failed() -> Snapshot {
    let missing = Problem::new(ErrorCode::CommandNotFound, "there is no program postgres-server in PATH")
        .hint("install it, or correct `run` of store");
    let taken = Problem::new(ErrorCode::PortTaken, "port 20817 is taken by node (pid 4711)").hint("stop it");
    let failed =
        |name, problem| NodeState { problem: Some(problem), ..node(name, Phase::Failed, Health::Unknown) };
    let looping = node("web", Phase::CrashLooping, Health::Unknown);
    state(vec![project("shop", vec![failed("store", missing), failed("api", taken), looping])])
}

pub fn broken_configuration() -> Snapshot {
    let place = Place { file: "/code/shop/kinfra.yaml".into(), line: 12, column: 5 };
    let key = Problem::new(ErrorCode::ConfigUnknownKey, "unknown key comand in services.api");
    let key = key.hint("did you mean `command`?").at(place);
    let cycle = Problem::new(ErrorCode::ConfigCycle, "api → web → api depend on each other in a circle");
    let broken = ProjectState { problems: vec![key, cycle], ..project("shop", vec![]) };
    let kept = ProjectState {
        problems: vec![Problem::new(ErrorCode::FolderMissing, "there is no folder /code/blog/web")],
        ..project("blog", vec![healthy("web")])
    };
    state(vec![broken, kept])
}

pub fn two_projects() -> Snapshot {
    let mut other = project("shop", vec![stopped("web")]);
    other.slug = "shop-fix-login".into();
    state(vec![project("shop", vec![healthy("web"), healthy("api")]), other])
}

pub fn long_names() -> Snapshot {
    let name = "the_customer_facing_storefront_of_the_north_western_region";
    let problem =
        "the health check http://127.0.0.1:20817/internal/health/readiness?verbose=true answered 503";
    let node = NodeState {
        problem: Some(Problem::new(ErrorCode::NotHealthy, problem).hint("look into the logs".repeat(9))),
        ..node(&"a-service-with-a-name-".repeat(3), Phase::Failed, Health::Unknown)
    };
    state(vec![project(name, vec![node])])
}

pub fn proxy_port_taken() -> Snapshot {
    let mut state = running();
    let problem = Problem::new(ErrorCode::ProxyPortTaken, "port 7080 is taken by another program");
    state.engine.proxy.problem = Some(problem);
    state.engine.proxy.offered_port = Some(7081);
    state
}

pub fn quitting() -> Snapshot {
    let stopping = NodeState { wanted: Wanted::Stopped, ..node("web", Phase::Stopping, Health::Unknown) };
    let mut state = state(vec![project("shop", vec![healthy("store"), stopping])]);
    state.engine.ending = true;
    state
}

pub fn all() -> Vec<Snapshot> {
    vec![
        state(vec![]),
        idle(),
        starting(),
        running(),
        in_maintenance(),
        degraded(),
        failed(),
        broken_configuration(),
        two_projects(),
        long_names(),
        proxy_port_taken(),
        quitting(),
    ]
}
