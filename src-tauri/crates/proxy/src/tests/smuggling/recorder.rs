use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::service::Service;
use super::super::setup::{HOST, PlainPages, proxy_with, wait_until};
use super::strict::{self, Seen};
use crate::{Limits, Proxy, Target};

/// A service that keeps every request it gets, and answers each with its method and target.
pub(super) struct Recorder {
    pub(super) service: Service,
    records: Arc<Mutex<Vec<Seen>>>,
    ended: Arc<AtomicUsize>,
}

impl Recorder {
    pub(super) fn start() -> Self {
        let records = Arc::new(Mutex::new(Vec::new()));
        let ended = Arc::new(AtomicUsize::new(0));
        let (kept, over) = (Arc::clone(&records), Arc::clone(&ended));
        let service = Service::start(move |visit| {
            while let Some(seen) = strict::request(&mut visit.reader) {
                let (answers, complete) = (format!("{} {}", seen.method, seen.target), seen.complete);
                kept.lock().unwrap().push(seen);
                if !complete {
                    break;
                }
                let length = answers.len();
                let body = if answers.starts_with("HEAD ") { "" } else { &answers };
                visit.write(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"));
            }
            visit.close();
            over.fetch_add(1, Ordering::SeqCst);
        });
        Self { service, records, ended }
    }

    /// A proxy that leads to it. It says nothing of a body that a client holds back, and is not waited for.
    pub(super) fn proxy(&self) -> Proxy {
        let limits = Limits { expectation: Duration::from_millis(20), ..Limits::default() };
        proxy_with(limits, PlainPages::default(), &[(HOST, Target::to(self.service.port))])
    }

    /// What it has received since the last time, complete or not.
    pub(super) fn taken(&self) -> Vec<Seen> {
        std::mem::take(&mut self.records.lock().unwrap())
    }

    /// To be called when the proxy has ended: all that it ever received.
    pub(super) fn all(&self) -> Vec<Seen> {
        wait_until("every connection to the service has ended", || {
            self.ended.load(Ordering::SeqCst) == self.service.accepted()
        });
        self.taken()
    }
}
