//! Another listener to what the Docker engine tells.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::SOON;
use super::api::Api;

/// `{"event":["die"]}`
const ENDS: &str = "/events?filters=%7B%22event%22%3A%5B%22die%22%5D%7D";

/// The engine takes up a request for events a moment after it has answered.
const TAKEN_UP: Duration = Duration::from_secs(1);

pub struct Ends {
    heard: Receiver<(String, Instant)>,
}

impl Ends {
    pub fn listen(api: &Api) -> Self {
        let (tell, heard) = channel();
        let events = api.follow(ENDS);
        thread::spawn(move || {
            for event in events {
                let now = Instant::now();
                let name = event["Actor"]["Attributes"]["name"].as_str().unwrap_or_default().to_owned();
                if tell.send((name, now)).is_err() {
                    return;
                }
            }
        });
        thread::sleep(TAKEN_UP);
        Self { heard }
    }

    /// When the end of this container was told.
    pub fn of(&self, container: &str) -> Instant {
        loop {
            let (name, at) = self.heard.recv_timeout(SOON).unwrap();
            if name == container {
                return at;
            }
        }
    }
}
