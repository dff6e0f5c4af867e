//! The proxy of one engine: where it listens, and what its table says.
//!
//! Theory of operation: the routes are a function of the visible state, and are in force before anybody hears of that
//! state: whoever is told that a service is healthy finds it routed. A move to another port starts the new proxy
//! before the old one ends, so a port that can't be had costs nothing.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kinfra_proxy::{Figures, Here, Journal, Limits, Listeners, Proxy};
use kinfra_rpc::{Delta, ErrorCode, Failure, PortHolder, Problem, Protocol, ProxyState, Snapshot};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::pages::{HubPages, Press};
use super::routes::Routes;
use crate::clock::Clock;
use crate::events::Hub;
use crate::home::Home;
use crate::logs::KnownSecrets;
use crate::process::holder;
use crate::store::{Store, StoreError};

/// Of the URLs that people see first; free in IANA's list of those that are in common use.
pub const DEFAULT_PORT: u16 = 7080;

const SETTING: &str = "proxy_port";
/// One thread answers some 60,000 requests in a second. A second one that shares its processor costs each of them 7 %.
const WORKERS: usize = 1;
/// What is being answered when the proxy ends or moves may go on for this long.
const GRACE: Duration = Duration::from_secs(1);
/// How many ports after its own are tried for one to offer.
const OFFERS: u16 = 100;

/// What the proxy needs of the engine around it.
pub struct ProxyContext {
    pub hub: Arc<Hub>,
    pub store: Store,
    pub home: Home,
    pub clock: Clock,
    pub secrets: KnownSecrets,
    /// Hears of the buttons of pages.
    pub presses: UnboundedSender<Press>,
}

pub struct ProxyServer {
    hub: Arc<Hub>,
    store: Store,
    pages: Arc<HubPages>,
    /// Where tunnels come in.
    public_socket: PathBuf,
    serving: Arc<Mutex<Serving>>,
    journal: Arc<Journal>,
    /// Its port was given from outside, so a move is not stored.
    passing: bool,
}

/// The proxy that listens now.
#[derive(Default)]
struct Serving {
    proxy: Option<Proxy>,
    /// What it routes, and what went there; a proxy on another port goes on with them.
    routes: Routes,
    /// It has been told the present ones.
    is_told: bool,
}

impl Serving {
    /// Most of what changes leads a known route elsewhere. Only other hosts are worth a new table.
    fn take_up(&mut self, state: &Snapshot, deltas: &[Delta]) {
        let Some(proxy) = &self.proxy else { return };
        let follows = |routes: &Routes| deltas.iter().all(|delta| routes.follow(&delta.change));
        if !(self.is_told && follows(&self.routes)) {
            self.routes = Routes::of(state, &self.routes);
            self.is_told = true;
            proxy.set_routes(self.routes.table());
        }
    }
}

impl ProxyServer {
    /// Listens on `wanted`, else on the stored port, else on [`DEFAULT_PORT`]; 0 is any free one. A port that can't
    /// be had is no error: it is in the state, with one that is free. `output` counts what services print.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn start(
        context: ProxyContext,
        output: watch::Receiver<u64>,
        wanted: Option<u16>,
    ) -> Result<Self, Failure> {
        let ProxyContext { hub, store, home, clock, secrets, presses } = context;
        let port = wanted.or(stored_port(&store).await?).unwrap_or(DEFAULT_PORT);
        let server = Self {
            public_socket: home.public_socket(),
            pages: Arc::new(HubPages::new(&hub, home, clock, secrets, output, presses)),
            hub,
            store,
            serving: Arc::default(),
            journal: Arc::default(),
            passing: wanted.is_some(),
        };
        let state = match server.listen(port) {
            Ok(proxy) => server.take(Some(proxy)).1,
            Err(problem) => {
                tracing::warn!(port, %problem, "the proxy does not listen");
                ProxyState { port: None, problem: Some(problem), offered_port: offer(port) }
            }
        };
        let serving = Arc::clone(&server.serving);
        server.hub.before_telling(move |state, deltas| lock(&serving).take_up(state, deltas));
        server.hub.change_engine(|engine| engine.proxy = state);
        Ok(server)
    }

    /// None while it doesn't listen.
    pub fn port(&self) -> Option<u16> {
        lock(&self.serving).proxy.as_ref().map(|proxy| proxy.local_addr().port())
    }

    /// How it is told from others by whoever comes through a tunnel; none while it doesn't listen.
    pub fn here(&self) -> Option<Here> {
        lock(&self.serving).proxy.as_ref().map(Proxy::here)
    }

    /// The requests that were answered last, on whichever port.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What went to a service; none for one that nobody is led to.
    pub fn figures(&self, project: &str, service: &str) -> Option<Figures> {
        lock(&self.serving).routes.route(project, service).map(|route| route.traffic.figures())
    }

    /// Moves to another port and stores it.
    ///
    /// # Errors
    /// [`ErrorCode::ProxyPortTaken`], with who has it; then all stays as it is.
    pub async fn use_port(&self, port: u16) -> Result<u16, Failure> {
        if let Some(present) = self.port().filter(|present| *present == port) {
            return Ok(present);
        }
        let proxy = self.listen(port)?;
        let (before, state) = self.take(Some(proxy));
        let port = state.port.unwrap_or(port);
        self.hub.read(|state| lock(&self.serving).take_up(state, &[]));
        self.hub.change_engine(|engine| engine.proxy = state);
        end(before);
        if !self.passing {
            self.store.set_setting(SETTING, port.to_string()).await?;
        }
        Ok(port)
    }

    /// Accepts nothing more.
    pub fn stop(&self) {
        end(self.take(None).0);
    }

    fn listen(&self, port: u16) -> Result<Proxy, Problem> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
            taken(port, &error, holder(port, Protocol::Tcp).map(PortHolder::from).as_ref(), offer(port))
        })?;
        let pages = Arc::clone(&self.pages) as Arc<_>;
        let public = listen_for_tunnels(&self.public_socket).map_err(|error| {
            let message =
                format!("the proxy can't listen for tunnels on {}: {error}", self.public_socket.display());
            Problem::new(ErrorCode::Io, message).hint("its folder must be writable for you alone")
        })?;
        let listeners = Listeners { local: listener, public: Some(public) };
        let (limits, journal) = (Limits::default(), Arc::clone(&self.journal));
        Proxy::start_noting(listeners, WORKERS, pages, limits, journal).map_err(|error| {
            Problem::new(ErrorCode::Io, format!("the proxy can't run on port {port}: {error}"))
                .hint("the system lacks threads or descriptors: end what else uses many")
        })
    }

    /// What ran before, and what is to be said of what runs now.
    fn take(&self, proxy: Option<Proxy>) -> (Option<Proxy>, ProxyState) {
        let port = proxy.as_ref().map(|proxy| proxy.local_addr().port());
        let mut serving = lock(&self.serving);
        let before = std::mem::replace(&mut serving.proxy, proxy);
        serving.is_told = false;
        (before, ProxyState { port, ..ProxyState::default() })
    }
}

/// The port that its user has chosen.
///
/// # Errors
/// When the store can't be read.
pub async fn stored_port(store: &Store) -> Result<Option<u16>, StoreError> {
    Ok(store.setting(SETTING).await?.and_then(|port| port.parse().ok()))
}

fn lock(serving: &Mutex<Serving>) -> MutexGuard<'_, Serving> {
    serving.lock().unwrap_or_else(PoisonError::into_inner)
}

/// On a thread of its own, since it waits for what is being answered.
fn end(proxy: Option<Proxy>) {
    if let Some(proxy) = proxy {
        drop(tokio::task::spawn_blocking(move || proxy.shutdown(GRACE)));
    }
}

/// For its owner alone, and in the place of what an earlier engine or the proxy on another port listens on.
fn listen_for_tunnels(socket: &Path) -> io::Result<UnixListener> {
    let draft = socket.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&draft)?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))?;
    fs::rename(&draft, socket)?;
    Ok(listener)
}

fn taken(port: u16, error: &io::Error, holder: Option<&PortHolder>, offer: Option<u16>) -> Problem {
    let message = match holder {
        Some(holder) => format!("the proxy's port {port} is taken by {holder}"),
        None => format!("the proxy can't listen on port {port}: {error}"),
    };
    let other = offer.map_or_else(|| "PORT".to_owned(), |port| port.to_string());
    Problem::new(ErrorCode::ProxyPortTaken, message)
        .hint(format!("end that program, or give the proxy another port: kinfra proxy-port {other}"))
}

/// A port after this one that is free now.
fn offer(port: u16) -> Option<u16> {
    let candidates = (1..=OFFERS).filter_map(|distance| port.checked_add(distance));
    candidates.into_iter().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_with_its_holder_and_a_free_one() {
        let holder = PortHolder {
            pid: Some(4711),
            program: Some("java".into()),
            folder: Some("/srv".into()),
            ..PortHolder::default()
        };
        let used = io::Error::from_raw_os_error(98);
        let refused = io::Error::from_raw_os_error(13);
        let texts = [taken(7080, &used, Some(&holder), Some(7081)), taken(80, &refused, None, None)];
        insta::assert_snapshot!(texts.map(|problem| problem.to_string()).join("\n"), @r"
        the proxy's port 7080 is taken by java (pid 4711, in /srv)
          hint: end that program, or give the proxy another port: kinfra proxy-port 7081
        the proxy can't listen on port 80: Permission denied (os error 13)
          hint: end that program, or give the proxy another port: kinfra proxy-port PORT
        ");
    }
}
