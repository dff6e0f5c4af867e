//! Services that answer as no service should: their client gets an error or a visible end, others get nothing of it.

mod bodies;
mod heads;
mod service;
