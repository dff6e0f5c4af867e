//! `tunnel run` and the quick tunnel.

use std::fs::OpenOptions;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::{ExitCode, exit};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use kinfra_tests::cloudflare::ingress::Ingress;
use kinfra_tests::cloudflare::random;
use serde_json::json;
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::credentials::{self, Credentials, in_go};
use crate::flags::Parsed;
use crate::log::{Level, Log, print};
use crate::orchestrator::Orchestrator;
use crate::settings::Settings;
use crate::status::Status;
use crate::supervisor::{Options, Protocol, World};
use crate::{backoff, config_file, metrics, quick as quick_tunnel, shutdown, supervisor, telling};

/// What the real one needs for its start.
const START: Duration = Duration::from_millis(60);
const LONGEST_GRACE: Duration = Duration::from_secs(180);

pub fn run(of_tunnel: Parsed, of_run: Parsed) -> ExitCode {
    let settings = match settings(of_tunnel, of_run) {
        Ok(settings) => settings,
        Err(fault) => return refused(1, &fault),
    };
    let credentials = match credentials::find(&settings) {
        Ok(credentials) => credentials,
        Err(refusal) => return refused(refusal.code, &refusal.text),
    };
    let log = log(&settings);
    start(&settings, log, credentials, String::new())
}

pub fn quick(parsed: Parsed) -> ExitCode {
    let mut settings = match settings(parsed, Parsed::default()) {
        Ok(settings) => settings,
        Err(fault) => return refused(1, &fault),
    };
    if !settings.file["ingress"].is_array() {
        match single_origin(&settings) {
            Ok(Some(service)) => settings.file["ingress"] = json!([{"service": service}]),
            Ok(None) => {
                let text =
                    "You did not specify any valid additional argument to the cloudflared tunnel command.";
                return refused(255, text);
            }
            Err(fault) => return refused(1, &fault),
        }
    }
    let log = log(&settings);
    let service = settings.get("quick-service").unwrap_or_else(|| "https://api.trycloudflare.com".to_owned());
    match quick_tunnel::request(&service, &log) {
        Ok(tunnel) => {
            settings.flags.entry("ha-connections".to_owned()).or_insert_with(|| "1".to_owned());
            settings.flags.entry("protocol".to_owned()).or_insert_with(|| "quic".to_owned());
            start(&settings, log, tunnel.credentials, tunnel.hostname)
        }
        Err(fault) => refused(1, &fault),
    }
}

fn settings(of_tunnel: Parsed, of_run: Parsed) -> Result<Settings, String> {
    let file = config_file::read(&of_tunnel)?;
    Ok(Settings::new(of_tunnel, of_run, file))
}

/// The service of `--url` and its like.
fn single_origin(settings: &Settings) -> Result<Option<String>, String> {
    if let Some(socket) = settings.get("unix-socket") {
        return Ok(Some(format!("unix:{socket}")));
    }
    if settings.is_set("hello-world") {
        return Ok(Some("hello_world".to_owned()));
    }
    match settings.get("url") {
        Some(url) if url.starts_with("unix:") => {
            Err("Currently Cloudflare Tunnel does not support unix protocol.".to_owned())
        }
        Some(url) if url.contains("://") => Ok(Some(url.trim_end_matches('/').to_owned())),
        Some(url) => Ok(Some(format!("http://{url}"))),
        None => Ok(None),
    }
}

fn log(settings: &Settings) -> Log {
    let asked = settings.get("loglevel").unwrap_or_else(|| "info".to_owned());
    let level = Level::read(&asked);
    let open = |path: String| OpenOptions::new().create(true).append(true).open(path).ok();
    let log = Log {
        is_json: settings.get("output").is_some_and(|output| output == "json"),
        level: level.unwrap_or(Level::Info),
        file: Mutex::new(settings.get("logfile").and_then(open)),
    };
    if level.is_none() {
        log.error(&format!("Failed to parse log level '{asked}'"), &json!({}));
    }
    if let Some(file) = &settings.empty_file {
        log.error(&format!("Configuration file {} was empty", file.display()), &json!({}));
    }
    log
}

/// Says so plainly.
fn refused(code: u8, text: &str) -> ExitCode {
    print(&format!("{text}\n"));
    ExitCode::from(code)
}

fn start(settings: &Settings, log: Log, credentials: Credentials, hostname: String) -> ExitCode {
    sleep(START);
    let options = match options(settings) {
        Ok(options) => options,
        Err(fault) => {
            log.error("Couldn't start tunnel", &json!({"error": fault}));
            return refused(1, &fault);
        }
    };
    let connector = random::uuid();
    telling::start(&log, settings, &credentials.tunnel, &connector, options.protocol.name());
    let listener = match metrics::listen(settings.get("metrics").as_deref()) {
        Ok(listener) => listener,
        Err(error) => {
            let address = settings.get("metrics").unwrap_or_default();
            let fault = format!("listen tcp {address}: bind: {}", in_go(&error));
            log.error("Error opening metrics server listener", &json!({"error": fault}));
            return refused(1, &format!("Error opening metrics server listener: {fault}"));
        }
    };
    let status = Arc::new(Status::default());
    let orchestrator = Arc::new(Orchestrator::new(settings.file.clone()));
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let told = metrics::Told {
        status: Arc::clone(&status),
        orchestrator: Arc::clone(&orchestrator),
        tunnel: credentials.tunnel.clone(),
        connector: connector.clone(),
        hostname,
    };
    let begun = metrics::serve(listener, told).and_then(|()| shutdown::listen(Arc::clone(&status)));
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let (ending, runtime) = match (begun, runtime) {
        (Ok(ending), Ok(runtime)) => (ending, runtime),
        (Err(error), _) | (_, Err(error)) => return refused(1, &error.to_string()),
    };
    log.info(&format!("Starting metrics server on {address}/metrics"), &json!({}));
    if !settings.is_set("no-prechecks") {
        telling::prechecks(&log);
    }
    let world = World {
        log,
        status,
        orchestrator,
        origins: Default::default(),
        credentials,
        connector,
        ending,
        was_connected: watch::channel(false).0,
        backoff: backoff::Shared::new(options.retries),
        options,
    };
    runtime.block_on(live(Arc::new(world)));
    // What is still under way is cut off.
    exit(0)
}

async fn live(world: Arc<World>) {
    let mut ending = world.ending.clone();
    let telling = Arc::clone(&world);
    tokio::spawn(async move {
        if ending.wait_for(|ending| *ending).await.is_ok() {
            telling.log.info("Initiating graceful shutdown due to signal terminated ...", &json!({}));
        }
    });
    supervisor::run(world).await;
}

/// The fault is what it says before it ends.
fn options(settings: &Settings) -> Result<Options, String> {
    let asked = settings.get("protocol").unwrap_or_else(|| "auto".to_owned());
    let (protocol, may_fall_back) = match asked.as_str() {
        "auto" if settings.get("token").is_some() => (Protocol::Quic, true),
        // Without a token it does what DNS says, and HTTP/2 where that says nothing.
        "auto" => (Protocol::Http2, false),
        "quic" => (Protocol::Quic, false),
        "http2" => (Protocol::Http2, false),
        other => {
            return Err(format!(
                "Unknown protocol {other}, Available protocols: 'auto' - automatically chooses the best protocol \
                 over time; 'quic' - based on QUIC; 'http2' - using HTTP/2"
            ));
        }
    };
    let grace = settings.duration("grace-period", Duration::from_secs(30));
    let grace = grace.ok_or("invalid value for flag -grace-period: parse error")?;
    if grace > LONGEST_GRACE {
        return Err("grace-period must be equal or less than 3m0s".to_owned());
    }
    if let Some(file) = settings.get("cacert").filter(|file| !Path::new(file).is_file()) {
        return Err(format!("unable to create TLS config: open {file}: no such file or directory"));
    }
    if let Some(address) = settings.get("edge-bind-address")
        && std::net::TcpListener::bind((address.as_str(), 0)).is_err()
    {
        return Err(format!("invalid edge-bind-address {address}: can't bind"));
    }
    // Rules that can't be read are told of before anything is tried, unless there are none.
    if settings.file["ingress"].is_array() {
        Ingress::read(&settings.file)?;
    }
    let edges = edges(settings)?;
    let requested = settings.number("ha-connections", 4);
    let available = u8::try_from(edges.len()).unwrap_or(u8::MAX);
    Ok(Options {
        edges,
        protocol,
        may_fall_back,
        max_edge_addr_retries: settings.number("max-edge-addr-retries", 8),
        retries: settings.number("retries", 5),
        grace,
        connections: requested.min(available),
        requested,
        pidfile: settings.get("pidfile").map(Into::into),
    })
}

fn edges(settings: &Settings) -> Result<Vec<SocketAddr>, String> {
    let Some(named) = settings.get("edge") else {
        sleep(Duration::from_millis(600));
        return Err("Could not lookup srv records on _v2-origintunneld._tcp.argotunnel.com: lookup \
                    _v2-origintunneld._tcp.argotunnel.com: no such host"
            .to_owned());
    };
    let found = named.split(',').map(|edge| {
        let found = edge.to_socket_addrs().ok().and_then(|mut found| found.next());
        found.ok_or_else(|| format!("failed to resolve edge address {edge}"))
    });
    let mut found = found.collect::<Result<Vec<SocketAddr>, String>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
