//! Requests that wait until their service answers, so that a webhook that comes in the midst of a restart isn't lost.
//!
//! Theory of operation: only the request of a program is held, and only where the route says for how long: people are
//! shown a page. Nothing of its body is read meanwhile, so that what is held takes no more memory than its head; the
//! client's own buffers are the back pressure. Who comes when too many are held, of one service or of all, gets the
//! page. A route that another one takes the place of, since it hands requests on in another way, sends those that it
//! holds on to that one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::proxy::Shared;
use crate::route::{NoPort, Place};
use crate::{Route, Target};

pub(crate) struct Held {
    shared: Arc<Shared>,
    route: Arc<Route>,
    since: Instant,
    is_for_people: bool,
    /// Counted among those that the route holds, and the proxy.
    is_counted: bool,
}

impl Held {
    pub(crate) fn new(route: &Arc<Route>, shared: &Arc<Shared>, is_for_people: bool) -> Self {
        let (shared, route) = (Arc::clone(shared), Arc::clone(route));
        Self { shared, route, since: Instant::now(), is_for_people, is_counted: false }
    }

    /// None where it is not to wait at all.
    fn deadline(&self) -> Option<Instant> {
        let hold = self.route.forwarding.hold;
        (!self.is_for_people && !hold.is_zero()).then(|| self.since + hold)
    }

    /// Waits while the service is on its way. None where it isn't, or takes too long, or too many wait.
    pub(crate) async fn until_port(&mut self, mut no_port: NoPort) -> Option<u16> {
        loop {
            let deadline = self.deadline().filter(|_| no_port.is_coming && self.count())?;
            let mut targets = self.route.targets();
            let route = Arc::clone(&self.route);
            let leads_on = |target: &Target| *target != Target::COMING || !route.place().is_kept();
            timeout_at(deadline, targets.wait_for(leads_on)).await.ok()?.ok()?;
            self.follow()?;
            match self.route.port() {
                Ok(port) => return Some(port),
                Err(still_none) => no_port = still_none,
            }
        }
    }

    /// The same for a service that was there and refused: `pause` later, or as soon as the route leads elsewhere.
    pub(crate) async fn until_port_again(&mut self, pause: Duration) -> Option<u16> {
        let deadline = self.deadline().filter(|deadline| Instant::now() < *deadline && self.count())?;
        let mut targets = self.route.targets();
        // Whichever comes first.
        let _ = timeout_at(deadline.min(Instant::now() + pause), targets.changed()).await;
        self.follow()?;
        match self.route.port() {
            Ok(port) => Some(port),
            Err(no_port) => self.until_port(no_port).await,
        }
    }

    /// Goes on to the route that has taken the place of this one. None where none has.
    fn follow(&mut self) -> Option<()> {
        loop {
            match self.route.place() {
                Place::Kept => return Some(()),
                Place::Gone => return None,
                Place::Taken(by) => {
                    let next = by.upgrade()?;
                    self.uncount();
                    self.route = next;
                }
            }
        }
    }

    fn count(&mut self) -> bool {
        let enter = |held: &AtomicUsize, most: usize| {
            let fits = held.fetch_add(1, Ordering::Relaxed) < most;
            if !fits {
                held.fetch_sub(1, Ordering::Relaxed);
            }
            fits
        };
        if !self.is_counted && enter(&self.route.held, self.shared.limits.held) {
            self.is_counted = enter(&self.shared.held, self.shared.limits.held_in_all);
            if !self.is_counted {
                self.route.held.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.is_counted
    }

    fn uncount(&mut self) {
        if std::mem::take(&mut self.is_counted) {
            self.route.held.fetch_sub(1, Ordering::Relaxed);
            self.shared.held.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.uncount();
    }
}
