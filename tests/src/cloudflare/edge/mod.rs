//! Where cloudflared connects to: takes its connections in, sends them configurations, and breaks as a network does.

mod hall;
mod listen;
mod push;
mod register;

pub(super) use hall::{Edge, Mood};
pub(super) use listen::{Door, serve};
pub(super) use push::reconcile;
