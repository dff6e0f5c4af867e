mod urls;

use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use kinfra_rpc::{
    Condition, EngineState, ErrorCode, EventKind, Failure, Health, LogLine, NodeEvent, NodeState, NodeUsage,
    Phase, Place, Problem, ProjectState, ProxyState, Snapshot, Stream, Wanted,
};

use super::table::shorten;
use super::time::span;
use super::*;

#[test]
fn what_a_service_said_last_is_below_its_end() {
    let event = |at, kind, text: &str, lines: &[&str]| NodeEvent {
        node: "api".to_owned(),
        at: NOW + at,
        run: Some(3),
        kind,
        text: text.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    let list = [
        event(0, EventKind::Ended, "exited with code 1", &["\u{1b}[31mpanic\u{1b}[0m: no", "  at main"]),
        event(5, EventKind::Restarting, "started anew at once: try 1 of 5", &[]),
    ];
    let table = EventTable::new(&["api", "storefront"], PLAIN);
    let rows = list.each_ref().map(|event| table.rows(std::slice::from_ref(event), NOW, &TimeZone::UTC));
    assert_snapshot!(table.heading() + &rows.concat(), @"
    TIME      SERVICE      RUN  EVENT
    08:00:00  api            3  exited with code 1
                                │ panic: no
                                │   at main
    08:00:00  api            3  started anew at once: try 1 of 5
    ");
    assert_snapshot!(events(&list, NOW, &TimeZone::UTC, PLAIN), @"
    TIME      SERVICE  RUN  EVENT
    08:00:00  api        3  exited with code 1
                            │ panic: no
                            │   at main
    08:00:00  api        3  started anew at once: try 1 of 5
    ");
}

const PLAIN: Palette = Palette::new(false);
const NOW: u64 = 1_800_000_000_000;

fn healthy(name: &str, port: u16, seconds: u64) -> NodeState {
    NodeState {
        name: name.to_owned(),
        wanted: Wanted::Running,
        phase: Phase::Running,
        health: Health::Healthy,
        detail: "healthy · 2 ms".to_owned(),
        pid: Some(u32::from(port) + 1000),
        port: Some(port),
        url: Some(format!("http://{name}.shop.localhost:7080")),
        started_at: Some(NOW - seconds * 1000),
        ..NodeState::default()
    }
}

fn stopped(name: &str) -> NodeState {
    NodeState { name: name.to_owned(), detail: "stopped".to_owned(), ..NodeState::default() }
}

fn crashing() -> NodeState {
    let detail = "exited with code 1, 6 times in a row".to_owned();
    NodeState {
        name: "api".to_owned(),
        wanted: Wanted::Running,
        phase: Phase::CrashLooping,
        health: Health::Unknown,
        detail,
        port: Some(20_114),
        restarts: 5,
        problem: Some(
            Problem::new(ErrorCode::NotHealthy, "api exited with code 1, 6 times in a row")
                .hint("`kinfra logs api` shows what it printed"),
        ),
        ..NodeState::default()
    }
}

fn waiting() -> NodeState {
    NodeState {
        name: "web".to_owned(),
        wanted: Wanted::Running,
        phase: Phase::Waiting,
        detail: "waits for api".to_owned(),
        waits_for: vec!["api".to_owned()],
        url: Some("http://web.shop.localhost:7080".to_owned()),
        ..NodeState::default()
    }
}

fn shop(nodes: Vec<NodeState>) -> ProjectState {
    ProjectState {
        slug: "shop".to_owned(),
        name: "shop".to_owned(),
        folder: PathBuf::from("/home/ada/shop"),
        nodes,
        ..ProjectState::default()
    }
}

fn all_healthy() -> ProjectState {
    shop(vec![healthy("store", 20_113, 7_500), healthy("api", 20_114, 200), healthy("web", 20_115, 8)])
}

#[test]
fn status_of_a_healthy_stack() {
    assert_snapshot!(status(&all_healthy(), &EngineState::default(), NOW, PLAIN), @r"
    ● shop · 3 of 3 healthy  /home/ada/shop

       SERVICE  STATE            PORT    PID  UPTIME      RESTARTS  URL
    ●  store    healthy · 2 ms  20113  21113  2 h 5 min          0  http://store.shop.localhost:7080
    ●  api      healthy · 2 ms  20114  21114  3 min 20 s         0  http://api.shop.localhost:7080
    ●  web      healthy · 2 ms  20115  21115  8 s                0  http://web.shop.localhost:7080
    ");
}

#[test]
fn status_of_a_stack_in_trouble() {
    let proxy = ProxyState {
        port: None,
        problem: Some(Problem::new(ErrorCode::ProxyPortTaken, "port 7080 is held by nginx (pid 812)")),
        offered_port: Some(7081),
    };
    let mut project = shop(vec![healthy("store", 20_113, 90), crashing(), waiting()]);
    project.problems.push(
        Problem::new(ErrorCode::ConfigUnknownKey, "unknown key `prot`").hint("`port`?").at(Place {
            file: PathBuf::from("/home/ada/shop/kinfra.yaml"),
            line: 7,
            column: 5,
        }),
    );
    assert_snapshot!(status(&project, &EngineState { proxy, ..EngineState::default() }, NOW, PLAIN), @r"
    ✕ shop · failed, 1 of 3 healthy  /home/ada/shop

       SERVICE  STATE                                  PORT    PID  UPTIME      RESTARTS  URL
    ●  store    healthy · 2 ms                        20113  21113  1 min 30 s         0  http://store.shop.localhost:7080
    ✕  api      exited with code 1, 6 times in a row  20114      –  –                  5  –
    ◐  web      waits for api                             –      –  –                  0  http://web.shop.localhost:7080

    problem: /home/ada/shop/kinfra.yaml:7:5: unknown key `prot`
      hint: `port`?

    problem: api exited with code 1, 6 times in a row
      hint: `kinfra logs api` shows what it printed

    problem: port 7080 is held by nginx (pid 812)
      hint: port 7081 is free: `kinfra proxy-port 7081`
    ");
}

#[test]
fn status_of_a_stopped_stack_and_of_an_empty_one() {
    let project = shop(vec![stopped("store"), stopped("api")]);
    assert_snapshot!(status(&project, &EngineState::default(), NOW, PLAIN), @r"
    ○ shop · stopped  /home/ada/shop

       SERVICE  STATE    PORT  PID  UPTIME  RESTARTS  URL
    ○  store    stopped     –    –  –              0  –
    ○  api      stopped     –    –  –              0  –
    ");
    assert_snapshot!(headline(&shop(vec![])), @"shop · stopped");
}

#[test]
fn what_is_paused_by_a_word_is_counted_apart_and_is_no_problem() {
    let paused = |code, message: &str| NodeState {
        wanted: Wanted::Running,
        phase: Phase::Running,
        health: Health::Unknown,
        detail: message.to_owned(),
        problem: Some(Problem::new(code, message)),
        ..stopped("db")
    };
    let here = || paused(ErrorCode::ResourcePaused, "is paused");
    let well = healthy("api", 20_113, 90);
    assert_snapshot!(headline(&shop(vec![well.clone(), here()])), @"shop · 1 of 1 healthy · 1 paused");
    assert_snapshot!(headline(&shop(vec![here()])), @"shop · paused");
    let by_vendor = paused(ErrorCode::ResourcePausedByVendor, "Neon has paused it: disabled");
    let project = shop(vec![well, here(), by_vendor]);
    let text = status(&project, &EngineState::default(), NOW, PLAIN);
    assert_snapshot!(text, @"
    ◐ shop · degraded, 1 of 2 healthy  /home/ada/shop

       SERVICE  STATE                          PORT    PID  UPTIME      RESTARTS  URL
    ●  api      healthy · 2 ms                20113  21113  1 min 30 s         0  http://api.shop.localhost:7080
    ○  db       is paused                         –      –  –                  0  –
    ◐  db       Neon has paused it: disabled      –      –  –                  0  –

    problem: Neon has paused it: disabled
    ");
}

#[test]
fn colour_stands_beside_shapes_and_words_and_moves_no_column() {
    let project = shop(vec![healthy("store", 20_113, 90), crashing(), waiting()]);
    let coloured = status(&project, &EngineState::default(), NOW, Palette::new(true));
    assert!(coloured.contains("\x1b[32m●\x1b[0m  store"), "{coloured:?}");
    assert!(coloured.contains("\x1b[31m✕\x1b[0m  api"), "{coloured:?}");
    let plain = status(&project, &EngineState::default(), NOW, PLAIN);
    assert_eq!(ansi::strip(&coloured), plain);
}

#[test]
fn processes_of_all_projects() {
    let snapshot = Snapshot { projects: vec![all_healthy(), shop(vec![waiting()])], ..Snapshot::default() };
    assert_snapshot!(processes(&snapshot, NOW, PLAIN), @r"
       PROJECT  SERVICE  STATE             PID   PORT  UPTIME
    ●  shop     store    healthy · 2 ms  21113  20113  2 h 5 min
    ●  shop     api      healthy · 2 ms  21114  20114  3 min 20 s
    ●  shop     web      healthy · 2 ms  21115  20115  8 s
    ");
    assert_snapshot!(processes(&Snapshot::default(), NOW, PLAIN), @"Nothing runs.");
}

#[test]
fn the_known_projects() {
    let mut broken = shop(vec![stopped("db")]);
    broken.slug = "warehouse".to_owned();
    broken.problems.push(Problem::new(ErrorCode::ConfigCycle, "a → b → a"));
    let projects_known = vec![all_healthy(), shop(vec![crashing(), waiting()]), broken];
    let snapshot = Snapshot { projects: projects_known, ..Snapshot::default() };
    assert_snapshot!(projects(&snapshot, PLAIN), @r"
       PROJECT    STATE                              HEALTHY  FOLDER
    ●  shop       running                            3 of 3   /home/ada/shop
    ✕  shop       failed                             0 of 2   /home/ada/shop
    ○  warehouse  stopped, configuration has errors  0 of 1   /home/ada/shop
    ");
    assert_snapshot!(projects(&Snapshot::default(), PLAIN), @"No project is known. `kinfra up` in a folder with a kinfra.yaml starts one; `kinfra example` writes one to try.");
}

#[test]
fn failures_with_places_hints_and_the_log_where_it_helps() {
    let place = Place { file: PathBuf::from("kinfra.yaml"), line: 3, column: 7 };
    let expected: Failure = vec![
        Problem::new(ErrorCode::ConfigUnknownKey, "unknown key `prot`")
            .hint("did you mean `port`?")
            .at(place),
        Problem::new(ErrorCode::ConfigCycle, "web → api → web"),
    ]
    .into();
    let log = Path::new("/home/ada/.local/state/kinfra/engine.log");
    assert_snapshot!(failure(&expected, log, &PLAIN), @r"
    error: kinfra.yaml:3:7: unknown key `prot`
      hint: did you mean `port`?
    error: web → api → web
    ");
    let unexpected = Failure::new(ErrorCode::StoreFailed, "cannot write the run: disk I/O error");
    assert_snapshot!(failure(&unexpected, log, &PLAIN), @r"
    error: cannot write the run: disk I/O error
      KInfra's own log: /home/ada/.local/state/kinfra/engine.log
    ");
}

#[test]
fn changes_are_told_once_and_new_figures_are_none() {
    let before = vec![healthy("store", 20_113, 90), waiting()];
    let mut after = before.clone();
    after[0].detail = "healthy · 9 ms".to_owned();
    assert_eq!(change_lines(&before, &after, NOW, PLAIN), Vec::<String>::new());
    after[1] = healthy("web", 20_115, 0);
    assert_snapshot!(change_lines(&before, &after, NOW, PLAIN).join("\n"), @"● web    healthy · 2 ms");
    assert_snapshot!(change_lines(&[], &before, NOW, PLAIN).join("\n"), @r"
    ● store  healthy · 2 ms
    ◐ web    waits for api
    ");
}

#[test]
fn a_live_block_is_drawn_over_and_never_wraps() {
    let mut block = LiveBlock::default();
    let first = block.draw(&[healthy("store", 1, 1), waiting()], NOW, 80, PLAIN);
    assert!(!first.contains("\x1b[2A"), "nothing is above yet: {first:?}");
    assert_eq!(block.draw(&[healthy("store", 1, 1), waiting()], NOW, 80, PLAIN), "");
    let second = block.draw(&[healthy("store", 1, 1), crashing()], NOW, 20, PLAIN);
    assert!(second.starts_with("\x1b[2A\r\x1b[2K"), "{second:?}");
    for line in ansi::strip(&second).lines() {
        assert!(line.trim_start_matches('\r').chars().count() < 20, "{line:?}");
    }
}

#[test]
fn what_comes_next_is_counted_down_and_never_cut_off() {
    let mut stopping = NodeState {
        phase: Phase::Stopping,
        detail: "stopping".to_owned(),
        kill_at: Some(NOW + 9_000),
        ..healthy("api", 1, 1)
    };
    let detail = "exited with code 1 after a long story".to_owned();
    let retrying =
        NodeState { phase: Phase::Exited, detail, retry_at: Some(NOW + 4_900), ..healthy("web", 2, 1) };
    assert_eq!(state::words(&stopping, NOW, 44), "stopping, kill in 9 s");
    let swept = NodeState { pid: None, detail: "exited with code 0".to_owned(), ..stopping.clone() };
    assert_eq!(state::words(&swept, NOW, 60), "exited with code 0, kill of what is left in 9 s");
    assert_eq!(change_lines(&[], std::slice::from_ref(&swept), NOW, PLAIN), ["◐ api  exited with code 0"]);
    assert_eq!(state::words(&retrying, NOW, 99), "exited with code 1 after a long story, next try in 4 s");
    assert_eq!(state::words(&retrying, NOW, 36), "exited with code 1…, next try in 4 s");
    assert_eq!(state::words(&retrying, NOW, 8), "…, next…");

    let mut block = LiveBlock::default();
    assert!(block.draw(std::slice::from_ref(&stopping), NOW, 80, PLAIN).contains("kill in 9 s"));
    let later = block.draw(std::slice::from_ref(&stopping), NOW + 1000, 80, PLAIN);
    assert!(later.contains("kill in 8 s"), "{later:?}");
    stopping.kill_at = None;
    assert!(!counts_down(&stopping) && counts_down(&retrying));
}

#[test]
fn what_a_crashed_service_printed_last_stands_below_the_table() {
    let mut node = crashing();
    node.last_lines = vec!["\u{1b}[31mpanic\u{1b}[0m: no database".to_owned(), "  at main".to_owned()];
    assert_snapshot!(status(&shop(vec![node.clone()]), &EngineState::default(), NOW, PLAIN), @r"
    ✕ shop · failed, 0 of 1 healthy  /home/ada/shop

       SERVICE  STATE                                  PORT  PID  UPTIME  RESTARTS  URL
    ✕  api      exited with code 1, 6 times in a row  20114    –  –              5  –

    api printed last:
      │ panic: no database
      │   at main

    problem: api exited with code 1, 6 times in a row
      hint: `kinfra logs api` shows what it printed
    ");
    let coloured = last_words(&node, Palette::new(true));
    assert!(coloured.contains("\u{1b}[31mpanic\u{1b}[0m: no database\u{1b}[0m\n"), "{coloured:?}");
    assert_eq!(last_words(&waiting(), PLAIN), "");
}

#[test]
fn usage_has_a_line_for_each_service_and_one_for_all() {
    let usage = |node: &str, cpu_percent, memory_bytes| NodeUsage {
        node: node.to_owned(),
        cpu_percent,
        memory_bytes,
        descriptors: 12,
        processes: 2,
        threads: 9,
    };
    let nodes = [healthy("store", 1, 1), healthy("api", 2, 1), waiting()];
    assert_snapshot!(stats(&nodes, &[usage("store", 0.3, 900 << 10), usage("api", 187.54, 3 << 29)], PLAIN), @r"
       SERVICE       CPU   MEMORY  DESCRIPTORS  PROCESSES  THREADS
    ●  store       0.3 %  900 KiB           12          2        9
    ●  api       187.5 %  1.5 GiB           12          2        9
    ◐  web             –        –            –          –        –
       together  187.8 %  1.5 GiB           24          4       18
    ");
    assert_snapshot!(stats(&nodes[..1], &[usage("store", 0.0, 2 << 20)], PLAIN), @r"
       SERVICE    CPU   MEMORY  DESCRIPTORS  PROCESSES  THREADS
    ●  store    0.0 %  2.0 MiB           12          2        9
    ");
}

fn after(node: NodeState, dependencies: &[&str]) -> NodeState {
    let depends_on = dependencies.iter().map(|name| (*name).to_owned()).collect();
    NodeState { depends_on, ..node }
}

#[test]
fn a_graph_has_each_service_once_in_its_layer() {
    let mut web = after(waiting(), &["api", "store"]);
    web.conditions.insert("store".to_owned(), Condition::Started);
    let nodes = [web, after(crashing(), &["store", "gone"]), healthy("store", 20_113, 90)];
    let nodes = layers(nodes.iter());
    assert_snapshot!(graph(&nodes, NOW, PLAIN), @r"
          SERVICE  STATE                                 AFTER
    1  ●  store    healthy · 2 ms
    2  ✕  api      exited with code 1, 6 times in a row  store, gone
    3  ◐  web      waits for api                         api, store (started)
    ");
    assert_snapshot!(dot("my \"shop\"", &nodes), @r##"
    digraph "my \"shop\"" {
      rankdir=RL
      node [shape=box, style=rounded, fontname="sans-serif"]
      "store" [color="#1a7f37"]
      "api" [color="#cf222e"]
      "web" [color="#9a6700"]
      "api" -> "store"
      "api" -> "gone"
      "web" -> "api"
      "web" -> "store" [label="started"]
    }
    "##);
    assert_snapshot!(serde_json::to_string(&nodes[2]).unwrap(), @r#"{"name":"web","layer":3,"phase":"waiting","health":"unknown","detail":"waits for api","depends_on":[{"name":"api","condition":"healthy","waited_for":true},{"name":"store","condition":"started","waited_for":false}]}"#);
}

#[test]
fn a_circle_of_dependencies_is_drawn_all_the_same() {
    let nodes = [after(stopped("a"), &["b"]), after(stopped("b"), &["a"])];
    assert_eq!(graph(&layers(nodes.iter()), NOW, PLAIN).lines().count(), 3);
}

#[test]
fn log_lines_carry_their_service_and_no_colour_into_the_next() {
    let line = |service: &str, text: &str| LogLine {
        service: service.to_owned(),
        stream: Stream::Stdout,
        time: NOW,
        run: 1,
        text: text.to_owned(),
    };
    let services = || vec!["web".to_owned(), "store".to_owned()];
    let plain = LogStyle::new(services(), PLAIN);
    assert_eq!(plain.line(&line("web", "\x1b[1;31mred\x1b]8;;http://x\x1b\\link\r")), "web   │ redlink");
    assert_eq!(plain.line(&line("store", "")), "store │ ");
    let coloured = LogStyle::new(services(), Palette::new(true));
    assert_eq!(coloured.line(&line("store", "\x1b[31mred")), "\x1b[34mstore │\x1b[0m \x1b[31mred\x1b[0m");
}

#[test]
fn a_run_is_told_from_the_one_before_by_when_it_started() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let style =
        |services: &[&str]| LogStyle::new(services.iter().map(|name| (*name).to_owned()).collect(), PLAIN);
    let run = kinfra_rpc::LogRun { service: "api".to_owned(), run: 3, started_at: 1_700_000_000_000 };
    let separator = style(&["api"]).separator("api", 3, Some(&run), &zone);
    assert_eq!(separator, "── run 3 · started 2023-11-15 00:13:20 ──");
    assert_eq!(style(&["api", "web"]).separator("api", 3, None, &zone), "── api · run 3 ──");
    let today = kinfra_rpc::LogRun { started_at: crate::surroundings::now(), ..run };
    let separator = style(&["api"]).separator("api", 3, Some(&today), &zone);
    assert_eq!(separator.chars().count(), "── run 3 · started 14:02:11 ──".chars().count(), "{separator}");
}

#[test]
fn spans_are_told_in_two_units_at_most() {
    let spans = [0, 59, 60, 80, 3_600, 7_500, 86_400, 90_000].map(|seconds| span(seconds * 1000));
    assert_eq!(spans, ["0 s", "59 s", "1 min", "1 min 20 s", "1 h", "2 h 5 min", "1 d", "1 d 1 h"]);
    assert_eq!(shorten("abcdef", 4), "abc…");
}
