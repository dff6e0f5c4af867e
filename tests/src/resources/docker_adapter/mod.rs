//! The docker adapter against a real engine.

mod stage;

mod absence;
mod faults;
mod health;
mod life;
mod logs;
