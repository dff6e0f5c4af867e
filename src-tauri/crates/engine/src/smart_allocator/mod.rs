//! Chooses ports: pure over (claims, what is busy, a range).

mod choose;

pub use choose::{Chosen, NoPort, Wish, choose, hash};
