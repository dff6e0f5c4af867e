use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Of how many requests the durations are known. Enough for the slowest hundredth to be five of them.
const RECENT: usize = 512;

/// What went through a route, counted.
#[derive(Debug, Default)]
pub struct Traffic {
    requests: AtomicU64,
    errors: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    /// Durations in microseconds; made with the first request, since most routes of a large project never have one.
    recent: OnceLock<Box<[AtomicU32; RECENT]>>,
    /// How many durations were ever written.
    written: AtomicUsize,
}

/// What is known of a route's traffic in one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Answered since the route was first known.
    pub requests: u64,
    /// Those of them with a status of 500 and above, or broken off by the service.
    pub errors: u64,
    /// Bytes of bodies that clients sent.
    pub received: u64,
    /// Bytes of bodies that they were sent.
    pub sent: u64,
    /// Of the last 512 requests, from their head to the head of their answer; none without any.
    pub latency: Option<Latency>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    pub median: Duration,
    /// 95 of 100 took no longer.
    pub p95: Duration,
    pub p99: Duration,
}

impl Traffic {
    pub(crate) fn count(&self, duration: Duration, received: u64, sent: u64, is_error: bool) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if is_error {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        self.carried(received, sent);
        let recent = self.recent.get_or_init(|| Box::new([const { AtomicU32::new(0) }; RECENT]));
        let place = self.written.fetch_add(1, Ordering::Relaxed) % RECENT;
        if let Some(place) = recent.get(place) {
            place.store(u32::try_from(duration.as_micros()).unwrap_or(u32::MAX), Ordering::Relaxed);
        }
    }

    /// What a relay carried after its request was counted.
    pub(crate) fn carried(&self, received: u64, sent: u64) {
        if received > 0 {
            self.received.fetch_add(received, Ordering::Relaxed);
        }
        if sent > 0 {
            self.sent.fetch_add(sent, Ordering::Relaxed);
        }
    }

    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            requests: self.requests.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            latency: self.latency(),
        }
    }

    fn latency(&self) -> Option<Latency> {
        let written = self.written.load(Ordering::Relaxed).min(RECENT);
        let recent = self.recent.get()?.iter().take(written);
        let mut sorted: Vec<u32> = recent.map(|duration| duration.load(Ordering::Relaxed)).collect();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted.get(place).map(|micros| Duration::from_micros((*micros).into()))
        };
        Some(Latency { median: at(50)?, p95: at(95)?, p99: at(99)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_sums_and_percentiles_of_what_was_last() {
        let traffic = Traffic::default();
        assert_eq!(traffic.figures(), Figures::default());
        for _ in 0..1000 {
            traffic.count(Duration::from_secs(9), 1, 2, true);
        }
        for micros in 1..=512 {
            traffic.count(Duration::from_micros(micros), 0, 10, false);
        }
        traffic.carried(5, 0);
        let micros = Duration::from_micros;
        let latency = Latency { median: micros(256), p95: micros(487), p99: micros(507) };
        let figures =
            Figures { requests: 1512, errors: 1000, received: 1005, sent: 7120, latency: Some(latency) };
        assert_eq!(traffic.figures(), figures);
    }

    #[test]
    fn one_request_is_all_percentiles() {
        let traffic = Traffic::default();
        traffic.count(Duration::from_millis(3), 0, 0, false);
        let latency = traffic.figures().latency.unwrap();
        assert_eq!([latency.median, latency.p95, latency.p99], [Duration::from_millis(3); 3]);
    }
}
