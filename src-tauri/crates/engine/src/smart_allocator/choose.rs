//! Theory of operation: what an instance has and may keep comes first, then what its configuration names, then
//! everything else in the order of (hash, key), each taking the first port from its hash on that nobody has. So
//! neither the order of a file nor the order of two starts moves a port.

use kinfra_rpc::{PortOrigin, PortRange, Protocol};

use super::hash::hash;
use super::port_set::PortSet;
use super::wish::{Ask, Wish};
use crate::store::ClaimKey;

/// Where ports are looked for when the user's range has none but ephemeral ones: above those that programs are known by.
const ANYWHERE: PortRange = PortRange { first: 10_000, last: u16::MAX };

/// What the allocator knows of the machine.
#[derive(Debug, Clone)]
pub struct Ground<'g> {
    /// Claimed or lent out by others than those who wish; and what these are given is added.
    pub taken: PortSet,
    /// The user's default range.
    pub range: PortRange,
    /// Never chosen.
    pub reserved: &'g [PortRange],
    /// What the kernel gives to outgoing connections: chosen only within a range that somebody named.
    pub ephemeral: Option<PortRange>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub key: ClaimKey,
    pub choice: Choice,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// As it was.
    Kept(u16),
    New(u16, PortOrigin),
    /// The configuration names it, and it is somebody else's.
    Claimed(u16),
    /// Every port of the range is claimed, reserved or busy.
    Full(PortRange),
}

impl Choice {
    /// The port, where there is one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        match self {
            Self::Kept(port) | Self::New(port, _) => Some(*port),
            Self::Claimed(_) | Self::Full(_) => None,
        }
    }
}

/// Chooses the ports of one instance together. `is_free` is asked of a port only when it would be chosen.
pub fn choose(
    mut wishes: Vec<Wish>,
    mut ground: Ground<'_>,
    mut is_free: impl FnMut(u16, Protocol) -> bool,
) -> Vec<Chosen> {
    wishes.sort_by_cached_key(|wish| (rank(wish), hash(&wish.key), wish.key.clone()));
    let mut chosen = vec![];
    for wish in wishes {
        let protocol = wish.key.protocol;
        let choice = decide(&wish, &ground, |port| is_free(port, protocol));
        if let Some(port) = choice.port() {
            ground.taken.insert(port, protocol);
        }
        chosen.push(Chosen { key: wish.key, choice });
    }
    chosen
}

/// What stays comes first, then what is named, then what is preferred, then all else.
fn rank(wish: &Wish) -> u8 {
    match (wish.kept(), &wish.ask) {
        (Some(_), _) => 0,
        (None, Ask::Fixed(_)) => 1,
        (None, Ask::Preferred(..)) => 2,
        (None, Ask::Any(_)) => 3,
    }
}

fn decide(wish: &Wish, ground: &Ground<'_>, mut is_free: impl FnMut(u16) -> bool) -> Choice {
    let is_taken = |port| ground.taken.contains(port, wish.key.protocol);
    if let Some(port) = wish.kept() {
        return if is_taken(port) { Choice::Claimed(port) } else { Choice::Kept(port) };
    }
    let is_reserved = |port: u16| ground.reserved.iter().any(|range| range.contains(port));
    let preferred: &[u16] = match &wish.ask {
        Ask::Fixed(port) => {
            return if is_taken(*port) {
                Choice::Claimed(*port)
            } else {
                Choice::New(*port, PortOrigin::User)
            };
        }
        Ask::Preferred(ports, _) => ports,
        Ask::Any(_) => &[],
    };
    let mut can_be_had = |port: u16| !is_taken(port) && !is_reserved(port) && is_free(port);
    if let Some(port) = preferred.iter().find(|port| can_be_had(**port)) {
        return Choice::New(*port, PortOrigin::User);
    }
    // Better the port that it has than another one of nobody's choice.
    if let (Ask::Preferred(_, range), Some(stored)) = (&wish.ask, &wish.stored)
        && Ask::Any(*range).allows(stored.port)
        && !is_taken(stored.port)
    {
        return Choice::Kept(stored.port);
    }
    let (range, avoided) = match wish.ask.range() {
        Some(range) => (range, None),
        None => default_range(ground),
    };
    let is_avoided = |port: u16| avoided.is_some_and(|ephemeral: PortRange| ephemeral.contains(port));
    let port = from_hash(hash(&wish.key), range).find(|port| !is_avoided(*port) && can_be_had(*port));
    port.map_or(Choice::Full(range), |port| Choice::New(port, PortOrigin::Hash))
}

/// The user's default range without ephemeral ports. A kernel may be set so that nothing of it remains.
fn default_range(ground: &Ground<'_>) -> (PortRange, Option<PortRange>) {
    let swallowed = ground.ephemeral.is_some_and(|ephemeral| {
        ephemeral.contains(ground.range.first) && ephemeral.contains(ground.range.last)
    });
    (if swallowed { ANYWHERE } else { ground.range }, ground.ephemeral)
}

/// All ports of a range, from the one that the hash names on, and around.
fn from_hash(hash: u64, range: PortRange) -> impl Iterator<Item = u16> {
    let length = u64::from(range.last - range.first) + 1;
    let first = hash % length;
    (0..length).filter_map(move |step| {
        let offset = u16::try_from((first + step) % length).ok()?;
        range.first.checked_add(offset)
    })
}
