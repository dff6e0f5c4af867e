//! What a user wants of public names, and how that changes. Pure.

use crate::config::{PublicPlace, PublicSpec, WhenStopped};
use crate::store::StoredExposure;

/// What its user wants of one public name of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// None: a name of Cloudflare's own.
    pub place: Option<PublicPlace>,
    /// False: its user has ended it.
    pub is_on: bool,
    /// When it ends by itself, in milliseconds since 1970.
    pub ends_at: Option<u64>,
}

/// What is to be stored when a node is started: all that its configuration shares, but for what its user has ended.
#[must_use]
pub fn begin(public: &[PublicSpec], wishes: &[Wish], now: u64) -> Vec<Wish> {
    let begun = public.iter().map(|public| {
        let known = wishes.iter().find(|wish| wish.place == public.place);
        match known {
            Some(ended) if !ended.is_on => ended.clone(),
            Some(_) | None => on(public, None, now),
        }
    });
    begun.chain(beside(public, wishes)).collect()
}

/// What is to be stored while a node runs whose configuration shares more now. What was known stays as it is.
#[must_use]
pub fn complete(public: &[PublicSpec], wishes: &[Wish], now: u64) -> Vec<Wish> {
    let is_new = |public: &&PublicSpec| wishes.iter().all(|wish| wish.place != public.place);
    let new = public.iter().filter(is_new).map(|public| on(public, None, now));
    wishes.iter().cloned().chain(new).collect()
}

/// When its user shares it: all that its configuration shares, else a name of Cloudflare's own.
#[must_use]
pub fn share(public: &[PublicSpec], seconds: Option<u64>, now: u64) -> Vec<Wish> {
    if public.is_empty() {
        return vec![Wish {
            place: None,
            is_on: true,
            ends_at: seconds.map(|seconds| now + seconds * 1_000),
        }];
    }
    public.iter().map(|public| on(public, seconds, now)).collect()
}

/// When its user ends that. What its configuration doesn't share is as if it had never been.
#[must_use]
pub fn unshare(public: &[PublicSpec]) -> Vec<Wish> {
    public.iter().map(|public| Wish { place: public.place.clone(), is_on: false, ends_at: None }).collect()
}

/// When the node is stopped: what was shared for the moment is not shared when it is started again.
#[must_use]
pub fn end(public: &[PublicSpec], wishes: &[Wish]) -> Vec<Wish> {
    let declared = |wish: &&Wish| public.iter().any(|public| public.place == wish.place);
    wishes.iter().filter(declared).cloned().collect()
}

/// What a configuration shared that can't be read any more: its names stay, as long as nobody knows better.
#[must_use]
pub fn as_it_was(wishes: &[Wish]) -> Vec<PublicSpec> {
    let named = wishes.iter().filter(|wish| wish.place.is_some());
    let spec =
        |wish: &Wish| PublicSpec { place: wish.place.clone(), lasts: None, when_stopped: WhenStopped::Park };
    named.map(spec).collect()
}

fn on(public: &PublicSpec, seconds: Option<u64>, now: u64) -> Wish {
    let lasts = public.lasts.map(crate::clock::millis);
    let lasts = seconds.map(|seconds| seconds * 1_000).or(lasts);
    Wish { place: public.place.clone(), is_on: true, ends_at: lasts.map(|lasts| now + lasts) }
}

/// What was shared for the moment.
fn beside(public: &[PublicSpec], wishes: &[Wish]) -> Vec<Wish> {
    let is_beside = |wish: &&Wish| wish.place.is_none() && public.iter().all(|public| public.place.is_some());
    wishes.iter().filter(is_beside).cloned().collect()
}

impl From<StoredExposure> for Wish {
    fn from(stored: StoredExposure) -> Self {
        let StoredExposure { host, path, is_on, ends_at } = stored;
        let place = (!host.is_empty()).then_some(PublicPlace { host, path });
        Self { place, is_on, ends_at }
    }
}

impl From<Wish> for StoredExposure {
    fn from(wish: Wish) -> Self {
        let PublicPlace { host, path } =
            wish.place.unwrap_or_else(|| PublicPlace { host: String::new(), path: "/".to_owned() });
        Self { host, path, is_on: wish.is_on, ends_at: wish.ends_at }
    }
}
