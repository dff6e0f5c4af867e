use proptest::prelude::*;

use super::super::super::cloud::tests::{storm, weather};
use super::fake::FakeNeon;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever Neon answers, and whoever starts, stops, acts, gives up or watches at the same time.
    #[test]
    fn no_storm_at_neon_does_anything_twice_or_unasked(weather in weather()) {
        storm::<FakeNeon>(weather)?;
    }
}
