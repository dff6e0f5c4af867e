//! Requests that wait until their service answers, so that a webhook that comes in the midst of a restart isn't lost.
//!
//! Theory of operation: only the request of a program is held, and only where the route says for how long: people are
//! shown a page. Nothing of its body is read meanwhile, so that what is held takes no more memory than its head; the
//! client's own buffers are the back pressure. Who comes when too many are held gets the page.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::route::NoPort;
use crate::{Limits, Route, Target};

pub(crate) struct Held {
    route: Arc<Route>,
    most: usize,
    /// Counted among those that the route holds.
    is_counted: bool,
    /// None where it is not to wait at all.
    deadline: Option<Instant>,
}

impl Held {
    pub(crate) fn new(route: &Arc<Route>, limits: &Limits, is_for_people: bool) -> Self {
        let hold = route.forwarding.hold;
        let deadline = (!is_for_people && !hold.is_zero()).then(|| Instant::now() + hold);
        Self { route: Arc::clone(route), most: limits.held, is_counted: false, deadline }
    }

    /// Waits while the service is on its way. None where it isn't, or takes too long, or too many wait.
    pub(crate) async fn until_port(&mut self, no_port: NoPort) -> Option<u16> {
        let deadline = self.deadline.filter(|_| no_port.is_coming && self.count())?;
        let mut targets = self.route.targets();
        let leads_on = |target: &Target| *target != Target::COMING;
        timeout_at(deadline, targets.wait_for(leads_on)).await.ok()?.ok()?;
        self.route.port().ok()
    }

    /// The same for a service that was there and refused: `pause` later, or as soon as the route leads elsewhere.
    pub(crate) async fn until_port_again(&mut self, pause: Duration) -> Option<u16> {
        let deadline = self.deadline.filter(|deadline| Instant::now() < *deadline && self.count())?;
        let mut targets = self.route.targets();
        // Whichever comes first.
        let _ = timeout_at(deadline.min(Instant::now() + pause), targets.changed()).await;
        match self.route.port() {
            Ok(port) => Some(port),
            Err(no_port) => self.until_port(no_port).await,
        }
    }

    fn count(&mut self) -> bool {
        if !self.is_counted {
            self.is_counted = self.route.held.fetch_add(1, Ordering::Relaxed) < self.most;
            if !self.is_counted {
                self.route.held.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.is_counted
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_counted {
            self.route.held.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
