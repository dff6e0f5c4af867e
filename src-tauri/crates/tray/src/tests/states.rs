//! The states that the tests look at.

use kinfra_rpc::{
    EngineState, ErrorCode, Exit, Exposure, Health, Maintenance, NodeKind, NodeState, Phase, Place, Problem,
    ProjectState, ResourceInfo, Snapshot, TunnelKind, TunnelState, TunnelStatus, Wanted,
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
    let quiet = NodeState { url: None, ..healthy("worker") };
    state(vec![project("shop", vec![healthy("store"), healthy("api"), healthy("web"), quiet])])
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

/// A service and what it needs: one with pages, one whose image is fetched, one whose Docker is away.
pub fn resources() -> Snapshot {
    let resource = |template: &str, node: NodeState| {
        let info = ResourceInfo {
            kind: "docker".into(),
            template: Some(template.into()),
            ..ResourceInfo::default()
        };
        NodeState { kind: NodeKind::Resource, resource: Some(info), ..node }
    };
    let db = NodeState { url: None, port: Some(20117), ..healthy("db") };
    let cache = NodeState {
        url: None,
        detail: "starting: fetching redis:8.6, 40 %".into(),
        ..node("cache", Phase::Starting, Health::Starting)
    };
    let away = Problem::new(ErrorCode::ResourceUnreachable, "the Docker engine doesn't answer")
        .hint("start it; KInfra goes on when it is there");
    let search =
        NodeState { url: None, problem: Some(away), ..node("search", Phase::Failed, Health::Unknown) };
    let mail = resource("mailpit", healthy("mail"));
    let nodes = vec![
        healthy("web"),
        resource("postgres", db),
        resource("redis", cache),
        mail,
        resource("opensearch", search),
    ];
    state(vec![project("shop", nodes)])
}

/// At a cloud's.
pub fn remote(kind: &str, node: NodeState) -> NodeState {
    let info = ResourceInfo { kind: kind.into(), pauses: true, inspects: true, ..ResourceInfo::default() };
    NodeState { kind: NodeKind::Resource, url: None, resource: Some(info), ..node }
}

pub fn paused(kind: &str, name: &str, code: ErrorCode, message: &str) -> NodeState {
    let problem = Problem::new(code, message).hint("Resume makes it go on where it was");
    let node = node(name, Phase::Running, Health::Unknown);
    remote(kind, NodeState { detail: message.into(), problem: Some(problem), ..node })
}

/// What can be paused: running, stopped, paused by somebody here, on its way, and one with pages of its own.
pub fn clouds() -> Snapshot {
    let here = |name: &str, message: &str| paused("render", name, ErrorCode::ResourcePaused, message);
    let site = NodeState { url: healthy("site").url, ..remote("vercel", healthy("site")) };
    let nodes = vec![
        healthy("web"),
        remote("neon", healthy("db")),
        remote("supabase", stopped("auth")),
        here("worker", "is paused, as it was not used for 2.0 h"),
        here("queue", "is being paused · 5 s so far"),
        paused("render", "search", ErrorCode::ResourceResuming, "is being resumed · 5 s so far"),
        site,
    ];
    state(vec![project("shop", nodes)])
}

pub fn paused_by_vendor() -> Snapshot {
    let code = ErrorCode::ResourcePausedByVendor;
    let auth = paused("supabase", "auth", code, "Supabase has paused it: inactive");
    state(vec![project("shop", vec![healthy("web"), auth])])
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
        resources(),
        clouds(),
        paused_by_vendor(),
        broken_configuration(),
        two_projects(),
        long_names(),
        proxy_port_taken(),
        quitting(),
        being_shared(),
        one_public(),
        several_public(),
        tunnels_down(),
    ]
}

pub fn exposure(host: &str, status: TunnelStatus, reason: &str) -> Exposure {
    Exposure {
        kind: TunnelKind::Quick,
        url: (!host.is_empty()).then(|| format!("https://{host}")),
        status,
        reason: reason.into(),
        ends_at: None,
        tunnel: Some("quick-shop-web".into()),
    }
}

pub fn shared(name: &str, exposures: Vec<Exposure>) -> NodeState {
    NodeState { exposures, ..healthy(name) }
}

pub fn being_shared() -> Snapshot {
    let web = shared("web", vec![exposure("", TunnelStatus::Connecting, "starting cloudflared")]);
    state(vec![project("shop", vec![healthy("api"), web])])
}

pub fn one_public() -> Snapshot {
    let open = exposure("calm-river.trycloudflare.com", TunnelStatus::Healthy, "1 connection");
    let api = shared("api", vec![exposure("", TunnelStatus::Off, "not shared")]);
    state(vec![project("shop", vec![api, shared("web", vec![open]), stopped("docs")])])
}

pub fn several_public() -> Snapshot {
    let named = |host: &str| Exposure {
        kind: TunnelKind::Named,
        tunnel: Some("account-example".into()),
        ..exposure(host, TunnelStatus::Healthy, "4 connections")
    };
    let pattern = Exposure { url: None, ..named("") };
    let parked = NodeState { exposures: vec![named("docs.example.com")], ..stopped("docs") };
    let web = shared("web", vec![named("shop.example.com"), named("www.example.com"), pattern]);
    let left = named("blog.example.com");
    let left = Exposure { status: TunnelStatus::Degraded, reason: "1 of 4 connections left".into(), ..left };
    state(vec![project("shop", vec![web, parked]), project("blog", vec![shared("web", vec![left])])])
}

pub fn tunnels_down() -> Snapshot {
    let missing = "there is no cloudflared in PATH";
    let quick = exposure("", TunnelStatus::Down, missing);
    let refused = |host: &str| Exposure {
        kind: TunnelKind::Named,
        tunnel: Some("account-example".into()),
        ..exposure(host, TunnelStatus::Unauthorised, "Cloudflare refuses the tunnel: Unauthorized")
    };
    let problem = Problem::new(ErrorCode::TunnelFailed, missing).hint("install it");
    let tunnel =
        TunnelState { name: "quick-shop-web".into(), problem: Some(problem), ..TunnelState::default() };
    let (api, docs) = (vec![refused("api.example.com")], vec![refused("docs.example.com")]);
    let nodes = vec![shared("web", vec![quick]), shared("api", api), shared("docs", docs)];
    let mut state = state(vec![project("shop", nodes)]);
    state.engine.tunnels = vec![tunnel];
    state
}
