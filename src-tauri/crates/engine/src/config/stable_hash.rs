//! A hash that is the same in every version of KInfra: the standard library's may change with the compiler.

use std::hash::{Hash, Hasher};

/// FNV-1a, 64 bits (draft-eastlake-fnv). Against accidents only, never against an attacker.
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The same for the same value, in every version of KInfra and on every machine of one byte order.
#[must_use]
pub fn stable_hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = Fnv::default();
    value.hash(&mut hasher);
    hasher.finish()
}
