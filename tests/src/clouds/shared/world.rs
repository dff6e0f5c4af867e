//! All that a stand-in knows, its vendor's things among it. Tests look at it and break it.

use std::fmt::{Debug, Formatter};
use std::time::SystemTime;

use super::fault::Faults;
use super::lag::Lags;
use super::{Asked, Call, Clock, Rate, Refusal, Reply, Requests, Token, Vendor, random};

/// What somebody else does at a moment that a test could not hit otherwise: right after a call.
type Deed<V> = Box<dyn FnOnce(&mut World<V>) + Send>;

pub struct World<V> {
    pub clock: Clock,
    pub tokens: Vec<Token>,
    pub rate: Rate,
    pub requests: Requests,
    pub vendor: V,
    pub(super) faults: Faults,
    pub(super) lags: Lags<V>,
    pub(super) deeds: Vec<(String, String, Deed<V>)>,
}

impl<V: Debug> Debug for World<V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("vendor", &self.vendor)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}

impl<V: Vendor> World<V> {
    pub(super) fn new(token: Token) -> Self {
        let clock = Clock::default();
        let vendor = V::new(clock.now());
        Self {
            clock,
            tokens: vec![token],
            rate: V::rate(),
            requests: Requests::default(),
            vendor,
            faults: Faults::default(),
            lags: Lags::default(),
            deeds: Vec::new(),
        }
    }

    /// The time at the cloud, with everything that was to happen until then.
    pub fn settle(&mut self) -> SystemTime {
        let now = self.clock.now();
        self.vendor.settle(now);
        now
    }

    /// By what stands behind `Bearer`.
    ///
    /// # Panics
    /// When there is none.
    pub fn token(&mut self, value: &str) -> &mut Token {
        let found = self.tokens.iter_mut().find(|token| token.value == value);
        found.unwrap_or_else(|| panic!("there is no such token"))
    }

    /// Which of the listed ones it is, as the record names it.
    pub(super) fn name_of_token(&self, call: &Call) -> String {
        let Some(value) = presented::<V>(call) else { return "none".to_owned() };
        let place = self.tokens.iter().position(|token| token.value == value);
        place.map_or_else(|| "unknown".to_owned(), |place| format!("token {}", place + 1))
    }

    pub(super) fn answer(&mut self, call: &Call) -> Reply {
        let now = self.settle();
        let mut reply = match self.allow(call, now) {
            Ok((token, headers)) => {
                let mut reply = self
                    .perform(call, &Asked { now, token: &token })
                    .unwrap_or_else(|refusal| refused::<V>(&refusal));
                reply.headers.extend(headers);
                reply
            }
            Err(refusal) => refused::<V>(&refusal),
        };
        if let Some(place) = self.deeds.iter().position(|(method, path, _)| call.is(method, path)) {
            (self.deeds.remove(place).2)(self);
        }
        if reply.status == 204 {
            reply.body.clear();
        }
        reply
    }

    /// Who it is, if that one may ask this now.
    #[allow(clippy::type_complexity)] // headers are pairs
    fn allow(
        &mut self,
        call: &Call,
        now: SystemTime,
    ) -> Result<(Token, Vec<(&'static str, String)>), Refusal> {
        let token =
            presented::<V>(call).and_then(|value| self.tokens.iter().find(|token| token.value == value));
        let token = token.filter(|token| !token.is_revoked).cloned().ok_or_else(|| V::words(401))?;
        let standing = self.rate.count(&token.value, now);
        let headers = V::rate_headers(&standing);
        if standing.is_over {
            let mut refusal = V::words(429);
            refusal.headers.extend(headers);
            refusal.headers.extend(self.rate.header(&standing, now));
            return Err(refusal);
        }
        if token.has_one_of(V::needs(call)) { Ok((token, headers)) } else { Err(V::words(403)) }
    }

    fn perform(&mut self, call: &Call, asked: &Asked<'_>) -> Result<Reply, Refusal> {
        if !V::is_write(call) {
            if let Some(mut past) = self.lags.sees(call, asked.now) {
                return past.answer(call, asked);
            }
            return self.vendor.answer(call, asked);
        }
        let before = self.vendor.clone();
        let outcome = self.vendor.answer(call, asked);
        if outcome.is_err() {
            // What refuses changes nothing, whatever it has begun.
            self.vendor = before;
        } else if !self.lags.is_empty() {
            self.lags.written(&before, asked.now);
        }
        outcome
    }
}

/// As it goes over the wire.
pub(super) fn refused<V: Vendor>(refusal: &Refusal) -> Reply {
    let mut reply = V::shape(refusal, &random::uuid());
    reply.headers.extend(refusal.headers.iter().cloned());
    reply
}

/// The token of a call, however it comes.
fn presented<V: Vendor>(call: &Call) -> Option<&str> {
    let (scheme, value) = call.authorization.as_deref()?.split_once(' ')?;
    V::SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)).then(|| value.trim())
}
