//! Reads that lag behind a write: they see the cloud as it was before, for so many of them or for so long.

use std::time::{Duration, SystemTime};

use super::Call;

/// Which reads lag, and how far: `Lag::on("/projects/*/branches").reads(2)`.
#[derive(Debug, Clone)]
pub struct Lag {
    method: String,
    path: String,
    saying: String,
    reads: usize,
    lasts: Duration,
}

impl Lag {
    /// Until told otherwise it is one read. The path is as in [`super::Fault::on`].
    #[must_use]
    pub fn on(path: &str) -> Self {
        Self {
            method: "*".to_owned(),
            path: path.to_owned(),
            saying: String::new(),
            reads: 1,
            lasts: Duration::MAX,
        }
    }

    /// Only those with this somewhere in their body.
    #[must_use]
    pub fn saying(self, text: &str) -> Self {
        Self { saying: text.to_owned(), ..self }
    }

    /// So many reads after a write.
    #[must_use]
    pub fn reads(self, reads: usize) -> Self {
        Self { reads, lasts: Duration::MAX, ..self }
    }

    /// So long after a write, by the clock of the cloud.
    #[must_use]
    pub fn lasting(self, lasts: Duration) -> Self {
        Self { reads: usize::MAX, lasts, ..self }
    }
}

/// What lags, and what it sees.
#[derive(Debug)]
pub(super) struct Lags<V>(Vec<Lagging<V>>);

#[derive(Debug)]
struct Lagging<V> {
    lag: Lag,
    stale: Option<Stale<V>>,
}

#[derive(Debug)]
struct Stale<V> {
    vendor: V,
    reads: usize,
    since: SystemTime,
}

impl<V> Default for Lags<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V: Clone> Lags<V> {
    pub(super) fn add(&mut self, lag: Lag) {
        self.0.push(Lagging { lag, stale: None });
    }

    pub(super) fn end(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Something was written; this is how it was before. What lags already goes on doing so.
    pub(super) fn written(&mut self, before: &V, now: SystemTime) {
        for lagging in &mut self.0 {
            let (reads, lasts) = (lagging.lag.reads, lagging.lag.lasts);
            let is_over = |stale: &Stale<V>| now.duration_since(stale.since).unwrap_or_default() >= lasts;
            if lagging.stale.as_ref().is_none_or(is_over) {
                lagging.stale = Some(Stale { vendor: before.clone(), reads, since: now });
            }
        }
    }

    /// What this read sees, if that is the past.
    pub(super) fn sees(&mut self, call: &Call, now: SystemTime) -> Option<V> {
        for lagging in &mut self.0 {
            let lag = &lagging.lag;
            if !call.is(&lag.method, &lag.path) || !call.body.to_string().contains(&lag.saying) {
                continue;
            }
            let Some(stale) = &mut lagging.stale else { continue };
            let age = now.duration_since(stale.since).unwrap_or_default();
            if stale.reads == 0 || age >= lag.lasts {
                lagging.stale = None;
                continue;
            }
            stale.reads -= 1;
            return Some(stale.vendor.clone());
        }
        None
    }
}
