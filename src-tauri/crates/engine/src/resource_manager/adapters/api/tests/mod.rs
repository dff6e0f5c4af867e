//! The adapter on an API that is a value in memory, in a time that the test moves.

mod deciding;
mod looking;
mod stage;
mod storm;
mod wishing;
