//! Another listener to what the Docker engine tells.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::SOON;
use super::api::Api;

/// The engine takes up a request for events a moment after it has answered.
const TAKEN_UP: Duration = Duration::from_secs(1);

pub struct Events {
    heard: Receiver<(String, Instant)>,
}

impl Events {
    /// To those of one kind: `die`.
    pub fn listen(api: &Api, kind: &str) -> Self {
        let (tell, heard) = channel();
        // `{"event":["die"]}`
        let events = api.follow(&format!("/events?filters=%7B%22event%22%3A%5B%22{kind}%22%5D%7D"));
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

    /// What was heard until now is of no account any more.
    pub fn forget(&self) {
        while self.heard.try_recv().is_ok() {}
    }

    /// When the last one of so many was told.
    pub fn last_of(&self, count: usize) -> Instant {
        let all = (0..count).map(|_| self.heard.recv_timeout(SOON).unwrap().1);
        all.max().unwrap()
    }

    /// When that of this container was told.
    pub fn of(&self, container: &str) -> Instant {
        loop {
            let (name, at) = self.heard.recv_timeout(SOON).unwrap();
            if name == container {
                return at;
            }
        }
    }
}
