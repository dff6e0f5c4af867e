//! What takes time at a cloud, as far as it is settled in advance: a deployment is queued until then, built until then,
//! and ready after it. Where it stands is asked with the time at hand; what comes between changes the rest of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Stages, each with when it begins. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course(Vec<(SystemTime, &'static str)>);

impl Course {
    #[must_use]
    pub fn from(begin: SystemTime, stage: &'static str) -> Self {
        Self(vec![(begin, stage)])
    }

    /// So long after the beginning of the last stage, there is this one.
    #[must_use]
    pub fn then(mut self, after: Duration, stage: &'static str) -> Self {
        let last = self.0.last().map_or(UNIX_EPOCH, |(begin, _)| *begin);
        self.0.push((last + after, stage));
        self
    }

    #[must_use]
    pub fn at(&self, now: SystemTime) -> &'static str {
        let begun = self.0.iter().rev().find(|(begin, _)| *begin <= now);
        begun.or(self.0.first()).map_or("", |(_, stage)| stage)
    }

    /// Since when it is, or was, at this stage. None: it has not come so far.
    #[must_use]
    pub fn since(&self, stage: &str, now: SystemTime) -> Option<SystemTime> {
        self.0.iter().rev().find(|(begin, known)| *known == stage && *begin <= now).map(|(begin, _)| *begin)
    }

    /// When the stage of now began.
    #[must_use]
    pub fn changed(&self, now: SystemTime) -> SystemTime {
        self.since(self.at(now), now).unwrap_or(now)
    }

    #[must_use]
    pub fn began(&self) -> SystemTime {
        self.0.first().map_or(UNIX_EPOCH, |(begin, _)| *begin)
    }

    /// When its last stage begins, as far as is known.
    #[must_use]
    pub fn ends(&self) -> SystemTime {
        self.0.last().map_or(UNIX_EPOCH, |(begin, _)| *begin)
    }

    /// What was to come does not; this does, now.
    pub fn turn(&mut self, now: SystemTime, stage: &'static str) {
        self.0.retain(|(begin, _)| *begin <= now);
        self.0.push((now, stage));
    }
}

/// Milliseconds since 1970, as JavaScript counts.
#[must_use]
pub fn milliseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_is_asked_where_it_stands_and_turned_on_the_way() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let second = Duration::from_secs(1);
        let mut course = Course::from(at(10), "queued").then(second, "building").then(second, "ready");
        assert_eq!(
            [course.at(at(10)), course.at(at(11)), course.at(at(99))],
            ["queued", "building", "ready"]
        );
        assert_eq!(
            (course.since("building", at(10)), course.since("building", at(12))),
            (None, Some(at(11)))
        );
        course.turn(at(11), "canceled");
        assert_eq!(
            (course.at(at(10)), course.at(at(99)), course.changed(at(99))),
            ("queued", "canceled", at(11))
        );
    }
}
