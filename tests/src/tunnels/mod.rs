//! What becomes public by tunnels, with a Cloudflare that the tests can break.

mod api;
mod configurations;
mod examine;
mod killed;
mod named;
mod quick;
mod secrecy;
mod sync_cases;
mod sync_cuts;
mod sync_others;
mod sync_task;
mod tokens;
mod world;
