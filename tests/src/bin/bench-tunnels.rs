//! How fast a lost tunnel and a crashed service are told of, how few changes a name among many takes, and what watching an
//! idle tunnel costs: with the stand-ins for Cloudflare, beside what anybody could see at the earliest.
#![allow(clippy::print_stdout)] // a benchmark prints what it measured
#![allow(clippy::unwrap_used)] // a panic is how it fails

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use kinfra_engine::control::{Client, Updates};
use kinfra_rpc::{NodeState, Notice, TunnelStatus, Update};
use kinfra_tests::bench::proc::processor_time;
use kinfra_tests::bench::race::{Lane, Race, report};
use kinfra_tests::cloudflare::Shared;
use kinfra_tests::{http, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Runtime;
use tokio::time::timeout;

const ROUNDS: usize = 5;
const SOON: Duration = Duration::from_secs(60);

/// Over which time idle costs are measured.
const IDLE: Duration = Duration::from_secs(10);

const NAMES: usize = 500;

fn main() {
    let runtime = Runtime::new().unwrap();
    let mut races = losses(&runtime);
    races.push(crash(&runtime));
    races.push(one_of_many());
    races.push(idle());
    println!("{}", report("tunnels", &races));
}

/// Hears what a desktop would be told.
struct Ear<'r> {
    runtime: &'r Runtime,
    updates: Updates,
}

impl<'r> Ear<'r> {
    fn of(runtime: &'r Runtime, shop: &Shared) -> Self {
        let home = shop.home.home();
        let updates =
            runtime.block_on(async { Client::connect(&home).await.unwrap().watch().await.unwrap() });
        Self { runtime, updates }
    }

    /// Waits for a notification that begins so.
    fn hear(&mut self, wanted: impl Fn(&Notice) -> bool) -> Instant {
        let heard = async {
            loop {
                match self.updates.recv().await.unwrap() {
                    Update::Notice(notice) if wanted(&notice) => return Instant::now(),
                    _ => {}
                }
            }
        };
        self.runtime.block_on(async { timeout(SOON, heard).await.unwrap() })
    }
}

fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1_000.0
}

fn is_up(node: &NodeState) -> bool {
    node.exposures.iter().any(|exposure| exposure.status == TunnelStatus::Healthy)
}

/// When cloudflared itself says that it has no connection any more.
fn says_it(port: u16) -> Instant {
    wait_until("cloudflared to say it", SOON, || {
        http::get(port, "localhost", "/ready", "*/*").is_some_and(|answer| answer.status == 503)
    });
    Instant::now()
}

fn losses(runtime: &Runtime) -> Vec<Race> {
    let shop = Shared::new("project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n");
    shop.up();
    shop.succeed(&["share", "web"]);
    let mut ear = Ear::of(runtime, &shop);
    let port = shop.metrics_port();
    let race = |what: &str, break_it: &dyn Fn(), ear: &mut Ear<'_>| {
        let mut lanes = vec![
            Lane::new("KInfra: the notification is sent"),
            Lane::new("cloudflared: /ready says 503").noted("the earliest that its own word allows"),
        ];
        for _ in 0..ROUNDS {
            shop.wait_for_node("web", "public", is_up);
            let begun = Instant::now();
            break_it();
            let ready = std::thread::spawn(move || says_it(port));
            let told = ear.hear(|notice| notice.title.contains("is down"));
            lanes[0].take(Ok(milliseconds(begun, told)));
            lanes[1].take(Ok(milliseconds(begun, ready.join().unwrap())));
            shop.cloudflare.come_back();
            ear.hear(|notice| notice.title.contains("again"));
        }
        Race::new(format!("{what}, until it is told"), "ms", lanes)
    };
    vec![
        race("a clean loss of all connections", &|| shop.cloudflare.lose_cleanly(), &mut ear),
        race("a silent loss on QUIC", &|| shop.cloudflare.freeze(), &mut ear),
    ]
}

fn crash(runtime: &Runtime) -> Race {
    let shop =
        Shared::new("project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    restart: never\n");
    shop.up();
    let mut ear = Ear::of(runtime, &shop);
    let mut lanes = vec![
        Lane::new("KInfra: the notification is sent"),
        Lane::new("the kernel: the process is gone").noted("looked at every 5 ms"),
    ];
    for _ in 0..ROUNDS {
        let node = shop.wait_for_node("web", "healthy", NodeState::is_healthy);
        let pid = Pid::from_raw(node.pid.unwrap().cast_signed()).unwrap();
        let begun = Instant::now();
        kill_process(pid, Signal::KILL).unwrap();
        let gone = std::thread::spawn(move || {
            wait_until("it to be gone", SOON, || rustix::process::test_kill_process(pid).is_err());
            Instant::now()
        });
        let told = ear.hear(|notice| notice.title.contains("crashed"));
        lanes[0].take(Ok(milliseconds(begun, told)));
        lanes[1].take(Ok(milliseconds(begun, gone.join().unwrap())));
        shop.up();
    }
    Race::new("a crash of a service, until it is told".to_owned(), "ms", lanes)
}

/// A service with many names, of which one changes.
fn one_of_many() -> Race {
    let configuration = |one: &str| {
        let mut text =
            String::from("project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    public:\n");
        for name in 1..NAMES {
            let _ = writeln!(text, "      - n{name}.example.com");
        }
        let _ = writeln!(text, "      - {one}.example.com");
        text
    };
    let shop = Shared::with_account(&configuration("first"));
    let is_all_up = |node: &NodeState| node.exposures.iter().all(|it| it.status == TunnelStatus::Healthy);
    shop.wait_for_node("web", "public by all names", is_all_up);
    let mut lanes = vec![
        Lane::new("KInfra: writes to the tunnel's configuration"),
        Lane::new("the least that changes it").noted("one PUT"),
        Lane::new("KInfra: writes of DNS records").noted("one is made, one deleted"),
    ];
    for round in 0..ROUNDS {
        shop.cloudflare.state().requests.forget();
        let name = format!("round{round}");
        let folder = shop.folder().join("kinfra.yaml");
        let text =
            configuration(&name).replace("MISBEHAVE", &kinfra_tests::bin("misbehave").to_string_lossy());
        std::fs::write(folder, text).unwrap();
        shop.succeed(&["apply"]);
        wait_until("the new name to be there", SOON, || {
            let state = shop.cloudflare.state();
            state.record(&format!("{name}.example.com")).is_some()
        });
        shop.wait_for_node("web", "public by all names", is_all_up);
        let state = shop.cloudflare.state();
        let writes = |part: &str| {
            let writes = state.requests.writes().filter(|request| request.path.contains(part)).count();
            f64::from(u32::try_from(writes).unwrap())
        };
        lanes[0].take(Ok(writes("/configurations")));
        lanes[1].take(Ok(1.0));
        lanes[2].take(Ok(writes("/dns_records")));
    }
    Race::new(format!("one name among {NAMES} changes"), "requests", lanes)
}

/// What an engine that watches one idle tunnel takes of a core, beside the same one without it.
fn idle() -> Race {
    let shop = Shared::new("project: shop\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n");
    shop.up();
    let mut lanes = vec![
        Lane::new("KInfra with an idle tunnel").noted("engine and keeper"),
        Lane::new("KInfra without it"),
    ];
    let pids = || -> Vec<u32> {
        let own = |command: &str| command.contains("kinfra host") || command.contains("kinfra-keeper");
        shop.home
            .processes()
            .iter()
            .filter(|process| own(&process.command))
            .map(|process| process.pid)
            .collect()
    };
    let measure = || {
        let (pids, begun) = (pids(), Instant::now());
        let before = processor_time(&pids);
        std::thread::sleep(IDLE);
        (processor_time(&pids) - before) / (begun.elapsed().as_secs_f64() * 1_000.0) * 100.0
    };
    for _ in 0..ROUNDS {
        shop.succeed(&["share", "web"]);
        shop.wait_for_node("web", "public", is_up);
        // The first looks are closer together.
        std::thread::sleep(Duration::from_secs(11));
        lanes[0].take(Ok(measure()));
        shop.succeed(&["unshare", "web"]);
        wait_until("its tunnel to be gone", SOON, || shop.cloudflareds().is_empty());
        lanes[1].take(Ok(measure()));
    }
    Race::new("what watching costs".to_owned(), "% of a core", lanes)
}
