mod client;

pub use client::{Client, Updates};
