//! Chance that can be had again.

use std::time::{SystemTime, UNIX_EPOCH};

/// Small, and the same on every machine: xorshift64*.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Seeded by `KINFRA_SEED`, else by the clock; printed, so that a failure can be had again.
    #[must_use]
    #[allow(clippy::new_without_default)] // each is another
    pub fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let given = std::env::var("KINFRA_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(now.subsec_nanos()) | 1);
        println!("to repeat this: KINFRA_SEED={seed}");
        Self(seed)
    }

    pub fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap_or_default() % sides
    }
}
