//! A cloud on loopback: a thread with a runtime of its own serves it from one state behind a lock. What takes time
//! there takes it by the state's clock, and happens when somebody looks.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::{Call, Fault, Lag, Met, Reply, Token, Vendor, World, serve};

/// Dropped, it is gone.
#[derive(Debug)]
pub struct FakeCloud<V: Vendor> {
    world: Arc<Mutex<World<V>>>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The state, while nobody else has it.
#[derive(Debug)]
pub struct Held<'a, V>(MutexGuard<'a, World<V>>);

impl<V> Deref for Held<'_, V> {
    type Target = World<V>;

    fn deref(&self) -> &World<V> {
        &self.0
    }
}

impl<V> DerefMut for Held<'_, V> {
    fn deref_mut(&mut self) -> &mut World<V> {
        &mut self.0
    }
}

pub(super) fn held<V>(world: &Mutex<World<V>>) -> Held<'_, V> {
    // A test that fails within a deed has said so already; the others want their answers nevertheless.
    Held(world.lock().unwrap_or_else(PoisonError::into_inner))
}

impl<V: Vendor> FakeCloud<V> {
    /// With what [`Vendor::new`] puts there, and one token that may do everything.
    ///
    /// # Panics
    /// When it can't listen.
    #[must_use]
    pub fn start() -> Self {
        Self::start_at(0)
    }

    /// On this port of loopback.
    ///
    /// # Panics
    /// When it can't listen.
    #[must_use]
    pub fn start_at(port: u16) -> Self {
        let world = Arc::new(Mutex::new(World::new(Token::new(""))));
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime
            .block_on(TcpListener::bind(("127.0.0.1", port)))
            .unwrap_or_else(|error| panic!("cannot listen at port {port}: {error}"));
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve::serve(listener, Arc::clone(&world)));
        let (stop, stopped) = oneshot::channel();
        let thread = spawn(move || {
            // That it was dropped without a word is as good.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_timeout(Duration::from_secs(1));
        });
        Self { world, address, stop: Some(stop), thread: Some(thread) }
    }

    /// What stands in place of the vendor's own, with its base: `http://127.0.0.1:40123/api/v2`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, V::BASE)
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// To look at, and to break, with all done that was to be done by now. Nothing is answered meanwhile, so hold it
    /// for a moment only; who asks for it again while holding it waits for ever.
    #[must_use]
    pub fn state(&self) -> Held<'_, V> {
        let mut world = held(&self.world);
        world.settle();
        world
    }

    /// What stands behind `Bearer`, of the token that was there from the start.
    #[must_use]
    pub fn token(&self) -> String {
        self.state().tokens[0].value.clone()
    }

    /// Another token; gives what stands behind `Bearer`.
    #[must_use]
    pub fn add_token(&self, token: Token) -> String {
        let value = token.value.clone();
        self.state().tokens.push(token);
        value
    }

    pub fn revoke(&self, token: &str) {
        self.state().token(token).is_revoked = true;
    }

    /// Lets something go wrong with the calls that it is for.
    #[allow(clippy::must_use_candidate)] // few want to know when it was met
    pub fn fault(&self, fault: Fault) -> Met {
        self.state().faults.arm(fault)
    }

    /// Nothing goes wrong any more.
    pub fn mend(&self) {
        self.state().faults.disarm();
    }

    /// From now on these reads lag behind each write.
    pub fn lag(&self, lag: Lag) {
        self.state().lags.add(lag);
    }

    /// Nothing lags any more.
    pub fn catch_up(&self) {
        self.state().lags.end();
    }

    /// Lets time pass at the cloud.
    pub fn advance(&self, time: Duration) {
        let mut state = self.state();
        state.clock.advance(time);
        state.settle();
    }

    /// Does something right after the next such call took effect, before anybody else can. Method and path as in
    /// [`Fault::on`].
    pub fn after_next(&self, method: &str, path: &str, deed: impl FnOnce(&mut World<V>) + Send + 'static) {
        self.state().deeds.push((method.to_owned(), path.to_owned(), Box::new(deed)));
    }

    /// What somebody else does there: see [`Vendor::control`].
    ///
    /// # Panics
    /// When the order is wrong.
    #[track_caller]
    #[allow(clippy::must_use_candidate)] // mostly it has nothing to tell
    pub fn control(&self, order: &Value) -> Value {
        let mut state = self.state();
        let now = state.settle();
        state.vendor.control(order, now).unwrap_or_else(|fault| panic!("{order}: {fault}"))
    }

    /// What it says to the first token: a call without a connection or a fault.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.ask_as(&self.token(), method, path, body)
    }

    /// As [`FakeCloud::ask`], of another token.
    #[must_use]
    pub fn ask_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Reply {
        self.ask_by(&format!("{} {token}", V::SCHEMES[0]), method, path, body)
    }

    /// As [`FakeCloud::ask`], with what stands in `Authorization`, or with a header's name and value.
    #[must_use]
    pub fn ask_by(&self, authorization: &str, method: &str, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let call = Call::new(method, path, Some(authorization), &body);
        let mut state = self.state();
        let number = serve::note(&mut state, &call, Vec::new(), false);
        let reply = state.answer(&call);
        state.requests.answered(number, reply.status, &reply.body);
        reply
    }
}

impl<V: Vendor> Drop for FakeCloud<V> {
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
