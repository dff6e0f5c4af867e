//! Names that nobody else has.

use std::hash::{BuildHasher, Hasher, RandomState};

/// The seeds of the standard library's hash tables: from the system, and another each time.
#[must_use]
pub fn number() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// As ids of accounts, zones and records are.
#[must_use]
pub fn hex32() -> String {
    format!("{:016x}{:016x}", number(), number())
}

/// As ids of tunnels and connectors are: a UUID of version 4.
#[must_use]
pub fn uuid() -> String {
    let hex = hex32();
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

/// 32 bytes.
#[must_use]
pub fn secret() -> Vec<u8> {
    (0..4).flat_map(|_| number().to_le_bytes()).collect()
}

/// As tokens of the API are: 40 characters and, for those that an account owns, what tells so.
#[must_use]
pub fn token(prefix: &str) -> String {
    format!("{prefix}{}{:08x}", hex32(), number() & 0xffff_ffff)
}

/// Four words, as quick tunnels are named.
#[must_use]
pub fn words() -> String {
    const WORDS: [&str; 16] = [
        "amber", "birch", "brook", "cedar", "coral", "ember", "fern", "flint", "grove", "heron", "maple",
        "moss", "ocean", "pearl", "river", "stone",
    ];
    let word = || WORDS[usize::try_from(number() % 16).unwrap_or_default()];
    format!("{}-{}-{}-{}-{:04x}", word(), word(), word(), word(), number() & 0xffff)
}
