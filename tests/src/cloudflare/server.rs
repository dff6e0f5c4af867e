//! All of it in one: a thread with a runtime of its own serves everything from one state behind a lock. Whoever changes
//! the state, be it a call of the API or a test, need not think of who is connected: when the lock is given back, the
//! edge compares what it holds with what the state says.

use std::fmt::{Debug, Formatter};
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::{Notify, oneshot};

use super::api::Service;
use super::edge::{Door, Edge};
use super::fault::{Fault, Met};
use super::reply::Reply;
use super::state::State;
use super::token::Token;
use super::visitors::Authority;
use super::{api, call::Call, edge, visitors};

/// The real one has twenty addresses. With each of them cloudflared makes one connection at most, and it wants four.
const EDGES: usize = 4;

/// A whole Cloudflare. Dropped, it is gone.
#[derive(Debug)]
pub struct Cloudflare {
    shared: Arc<Shared>,
    api: SocketAddr,
    quick_service: SocketAddr,
    edges: Vec<SocketAddr>,
    visitors: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What all that is served has in common.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told after each change of the state.
    pub changed: Notify,
    pub edge: Edge,
    pub authority: Authority,
}

impl Shared {
    pub(super) fn state(&self) -> Held<'_> {
        // A test that fails within a hook has said so already; the others want their answers nevertheless.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Held { state, is_changed: false, changed: &self.changed }
    }
}

/// The state, while nobody else has it.
pub struct Held<'a> {
    state: MutexGuard<'a, State>,
    is_changed: bool,
    changed: &'a Notify,
}

impl Debug for Held<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.state.fmt(f)
    }
}

impl Deref for Held<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.is_changed = true;
        &mut self.state
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.is_changed {
            self.changed.notify_one();
        }
    }
}

impl Cloudflare {
    /// With one account, the zone `example.com`, and one token of a user that may do all that KInfra asks for.
    ///
    /// # Panics
    /// When it can't listen.
    #[must_use]
    pub fn start() -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new()),
            changed: Notify::new(),
            edge: Edge::new(),
            authority: Authority::new(),
        });
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let listen = || {
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            (listener.local_addr().unwrap(), listener)
        };
        let ((api, at_api), (quick_service, at_quick_service)) = (listen(), listen());
        let (visitors, at_visitors) = listen();
        let doors: Vec<Door> = (0..EDGES).map(|_| Door::new().unwrap()).collect();
        let edges = doors.iter().map(|door| door.address).collect();
        runtime.spawn(api::serve(at_api, Arc::clone(&shared), Service::Api));
        runtime.spawn(api::serve(at_quick_service, Arc::clone(&shared), Service::QuickTunnels));
        runtime.spawn(visitors::serve(at_visitors, Arc::clone(&shared)));
        for door in doors {
            // Whoever connects right after this is not to be refused.
            let opened = runtime.block_on(async { door.open() }).unwrap();
            runtime.spawn(edge::serve(door, opened, Arc::clone(&shared)));
        }
        runtime.spawn(edge::reconcile(Arc::clone(&shared)));
        let (stop, stopped) = oneshot::channel();
        let thread = spawn(move || {
            // That it was dropped without a word is as good.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_timeout(Duration::from_secs(1));
        });
        Self { shared, api, quick_service, edges, visitors, stop: Some(stop), thread: Some(thread) }
    }

    /// The base of the API: what stands in place of `https://api.cloudflare.com/client/v4`.
    #[must_use]
    pub fn api(&self) -> String {
        format!("http://{}/client/v4", self.api)
    }

    /// What stands in place of `https://api.trycloudflare.com`.
    #[must_use]
    pub fn quick_service(&self) -> String {
        format!("http://{}", self.quick_service)
    }

    /// Where cloudflared connects to, as it takes it: several addresses with commas in between.
    #[must_use]
    pub fn edge(&self) -> String {
        let edges: Vec<String> = self.edges.iter().map(ToString::to_string).collect();
        edges.join(",")
    }

    #[must_use]
    pub fn edges(&self) -> &[SocketAddr] {
        &self.edges
    }

    /// Where visitors come in, by TLS and whatever name a record leads here.
    #[must_use]
    pub fn visitors(&self) -> SocketAddr {
        self.visitors
    }

    /// The file with the certificate that visitors have to trust, in PEM.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.shared.authority.file()
    }

    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        self.shared.authority.certificate()
    }

    pub(super) fn edge_of_tests(&self) -> &Edge {
        &self.shared.edge
    }

    /// To look at, and to break. Nothing is answered meanwhile, so hold it for a moment only; who asks for it again
    /// while holding it waits for ever.
    #[must_use]
    pub fn state(&self) -> Held<'_> {
        self.shared.state()
    }

    /// What stands behind `Bearer`, of the token that was there from the start.
    #[must_use]
    pub fn token(&self) -> String {
        self.state().tokens[0].value.clone()
    }

    /// Another token; gives what stands behind `Bearer`.
    #[must_use]
    pub fn add_token(&self, make: impl FnOnce(&str) -> Token) -> String {
        let account = self.account();
        self.state().add_token(make(&account))
    }

    /// The id of the first account.
    #[must_use]
    pub fn account(&self) -> String {
        self.state().accounts[0].id.clone()
    }

    /// The id of the zone `example.com`.
    #[must_use]
    pub fn zone(&self) -> String {
        self.state().zones[0].id.clone()
    }

    /// Lets something go wrong with the calls that it is for.
    pub fn fault(&self, fault: Fault) -> Met {
        self.state().faults.arm(fault)
    }

    /// Does something right after the next such call took effect, before anybody else can. Method and path as in
    /// [`Fault::on`].
    pub fn after_next(&self, method: &str, path: &str, deed: impl FnOnce(&mut State) + Send + 'static) {
        self.state().hooks.after_next(method, path, Box::new(deed));
    }

    /// What the API says to the first token: a call without a connection, a fault or a line in the log.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.ask_as(&self.token(), method, path, body)
    }

    /// As [`Cloudflare::ask`], of another token.
    #[must_use]
    pub fn ask_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let call = Call::new(method, path, Some(&format!("Bearer {token}")), &body);
        api::answer(&mut self.state(), &call)
    }
}

impl Drop for Cloudflare {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It can't have ended by itself but by a panic, which has been printed.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
