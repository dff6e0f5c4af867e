use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use crate::{Traffic, Trouble};

/// One service, as the proxy knows it: how it is asked, where it is now, and what went through.
#[derive(Debug)]
pub struct Route {
    /// `project/service`: how pages, events and figures name it.
    pub id: Arc<str>,
    pub forwarding: Forwarding,
    /// What went to it; outlives the route where another one of the same id takes its place.
    pub traffic: Arc<Traffic>,
    target: watch::Sender<Target>,
    /// Whose turn it is among several places.
    turn: AtomicUsize,
    /// It once led to several places, so that another one may turn up before a request comes back.
    has_several: AtomicBool,
    /// How many requests wait until it answers.
    pub(crate) held: AtomicUsize,
    place: Mutex<Place>,
}

/// Whether a route is in the table that it was put into, or another one instead.
#[derive(Debug, Clone, Default)]
pub(crate) enum Place {
    #[default]
    Kept,
    /// By one of the same id.
    Taken(Weak<Route>),
    Gone,
}

impl Place {
    pub(crate) const fn is_kept(&self) -> bool {
        matches!(self, Self::Kept)
    }
}

/// How requests are passed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// For how long the request of a program waits for a service that is on its way.
    pub hold: Duration,
    pub protocol: Protocol,
    pub host: HostPolicy,
}

/// What the service speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, and HTTP/2 without TLS for gRPC, which has no other.
    #[default]
    Auto,
    Http1,
    Http2,
}

/// Which host the service is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HostPolicy {
    /// Kept for local visitors, rewritten for public ones.
    #[default]
    Auto,
    Keep,
    /// To `localhost:PORT`, and `Origin` and `Referer` with it: development servers refuse hosts they don't know.
    Rewrite,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To these ports on 127.0.0.1, or ::1 where only that answers, in turn. Never empty.
    Forward(Arc<[u16]>),
    /// The service can't answer now: the page says why.
    Page {
        /// It is on its way, so that waiting for it may be worth while.
        is_coming: bool,
    },
    /// It is being worked on: nobody is led to it, whether it could answer or not.
    Maintenance,
}

impl Target {
    /// Nobody answers, and nobody is about to.
    pub const DOWN: Self = Self::Page { is_coming: false };
    /// Nobody answers yet.
    pub const COMING: Self = Self::Page { is_coming: true };

    /// To one port.
    #[must_use]
    pub fn to(port: u16) -> Self {
        Self::Forward(Arc::new([port]))
    }

    fn places(&self) -> usize {
        match self {
            Self::Forward(ports) => ports.len(),
            Self::Page { .. } | Self::Maintenance => 0,
        }
    }
}

impl Route {
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>, target: Target) -> Self {
        Self::with(id.into(), target, Forwarding::default(), Arc::default())
    }

    /// With the traffic of the route whose place it takes.
    #[must_use]
    pub fn with(id: Arc<str>, target: Target, forwarding: Forwarding, traffic: Arc<Traffic>) -> Self {
        let (turn, held) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let has_several = AtomicBool::new(target.places() > 1);
        let (target, place) = (watch::Sender::new(target), Mutex::default());
        Self { id, forwarding, traffic, target, turn, has_several, held, place }
    }

    #[must_use]
    pub fn target(&self) -> Target {
        self.target.borrow().clone()
    }

    /// For every request from now on; those that have begun keep what they found, and those that are held go on.
    pub fn lead_to(&self, target: Target) {
        if target.places() > 1 {
            self.has_several.store(true, Ordering::Relaxed);
        }
        self.target.send_if_modified(|present| {
            let differs = *present != target;
            *present = target;
            differs
        });
    }

    /// The port for the next request; none where a page answers.
    pub(crate) fn port(&self) -> Result<u16, NoPort> {
        match &*self.target.borrow() {
            Target::Page { is_coming } => Err(NoPort { is_coming: *is_coming }),
            Target::Maintenance => Err(NoPort { is_coming: false }),
            Target::Forward(ports) => match ports[..] {
                [only] => Ok(only),
                _ => {
                    let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                    ports.get(turn % ports.len().max(1)).copied().ok_or(NoPort { is_coming: false })
                }
            },
        }
    }

    /// The next one that is none of these, for a request that they did not take. The turn stays whose it is.
    pub(crate) fn other_port(&self, tried: &[u16]) -> Option<u16> {
        match &*self.target.borrow() {
            Target::Page { .. } | Target::Maintenance => None,
            Target::Forward(ports) => {
                let turn = self.turn.load(Ordering::Relaxed) % ports.len().max(1);
                let (before, after) = ports.split_at(turn);
                after.iter().chain(before).copied().find(|port| !tried.contains(port))
            }
        }
    }

    /// What is noted of a request that is led nowhere.
    pub(crate) fn trouble(&self) -> Trouble {
        match &*self.target.borrow() {
            Target::Maintenance => Trouble::Maintenance,
            Target::Page { .. } | Target::Forward(_) => Trouble::NotServing,
        }
    }

    /// Whether a request may find another place than the one it was sent to, also where there is none at this moment:
    /// of two that are restarted in turn one is down all the time.
    pub(crate) fn has_several(&self) -> bool {
        self.has_several.load(Ordering::Relaxed)
    }

    pub(crate) fn place(&self) -> Place {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has whoever waits for it look anew.
    pub(crate) fn is_placed(&self, place: Place) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
        self.target.send_modify(|_| {});
    }

    /// To wait until it leads elsewhere, or its place is another one's.
    pub(crate) fn targets(&self) -> watch::Receiver<Target> {
        self.target.subscribe()
    }
}

/// Why a route has no port.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoPort {
    pub(crate) is_coming: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_places_take_turns() {
        let route = Route::new("shop/web", Target::Forward([1, 2, 3].into()));
        let ports: Vec<u16> = (0..6).map(|_| route.port().unwrap()).collect();
        assert_eq!(ports, [1, 2, 3, 1, 2, 3]);
        assert_eq!(route.other_port(&[1, 3]), Some(2));
        assert_eq!(route.other_port(&[3, 1, 2]), None);
        route.lead_to(Target::COMING);
        assert!(route.port().unwrap_err().is_coming);
    }
}
