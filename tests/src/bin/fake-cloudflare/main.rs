//! A whole Cloudflare on loopback, to try things by hand and to take pictures with: prints one line of JSON that says
//! where everything is, and lives until SIGINT or SIGTERM, for an hour at most. What `POST /control` takes is in
//! `control.rs`; `GET /state` tells what it knows.
#![allow(clippy::print_stdout)] // what it prints is what it is for

mod control;
mod door;

use std::io::Result;
use std::net::TcpListener;
use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use kinfra_tests::cloudflare::Cloudflare;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

const LONGEST_LIFE: Duration = Duration::from_secs(3600);

fn main() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let cloudflare = Cloudflare::start();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let line = json!({
        "api": cloudflare.api(),
        "quick_service": cloudflare.quick_service(),
        "edge": cloudflare.edges(),
        "visitors": cloudflare.visitors(),
        "authority": cloudflare.authority(),
        "control": format!("http://{}", listener.local_addr()?),
        "token": cloudflare.token(),
        "account": cloudflare.account(),
        "zone": cloudflare.zone(),
        "zone_name": "example.com",
    });
    println!("{line}");
    let cloudflare = Arc::new(Mutex::new(Some(cloudflare)));
    let served = Arc::clone(&cloudflare);
    thread::spawn(move || door::serve(&listener, &served));
    thread::spawn(move || {
        thread::sleep(LONGEST_LIFE);
        exit(9);
    });
    signals.forever().next();
    // Its folder goes with it.
    drop(cloudflare.lock().unwrap_or_else(PoisonError::into_inner).take());
    Ok(())
}
