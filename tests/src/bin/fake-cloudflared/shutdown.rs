use std::io::Result;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tokio::sync::watch;

use crate::status::Status;

/// The first SIGTERM or SIGINT asks it to end; the second one is its end. SIGUSR1 is nothing, and SIGHUP, which nobody
/// handles, is its end at once.
pub fn listen(status: Arc<Status>) -> Result<watch::Receiver<bool>> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGUSR1])?;
    let (ask, asked) = watch::channel(false);
    thread::spawn(move || {
        for signal in signals.forever().filter(|signal| *signal != SIGUSR1) {
            if *ask.borrow() {
                let _ = emulate_default_handler(signal);
            }
            status.is_ending.store(true, Ordering::Relaxed);
            ask.send_replace(true);
        }
    });
    Ok(asked)
}
