//! Moments as people write them.

use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

/// What a moment may look like, for the message that refuses one.
const FORMS: &str = "a duration before now such as 10m, 2h, 1d or 1h30m, a time of day such as 14:02, or a date and \
                     time such as 2026-11-23T14:02:00Z";

/// For clap.
///
/// # Errors
/// What a moment may look like.
pub fn parse(text: &str) -> Result<u64, String> {
    moment(text, &Zoned::now())
}

/// A length of time, in milliseconds, for clap.
///
/// # Errors
/// What one may look like.
pub fn length(text: &str) -> Result<u64, String> {
    let length = duration(text).and_then(|length| u64::try_from(length.as_millis()).ok());
    length.ok_or_else(|| "it must be a duration such as 30m, 2h or 1h30m".to_owned())
}

/// In milliseconds since 1970. A duration is counted back from now; a time of day is the last one that was; a date and
/// time without an offset is meant here.
fn moment(text: &str, now: &Zoned) -> Result<u64, String> {
    let at = duration(text)
        .and_then(|duration| now.timestamp().checked_sub(duration).ok())
        .or_else(|| text.parse().ok())
        .or_else(|| time_of_day(text, now))
        .or_else(|| Some(text.parse::<DateTime>().ok()?.to_zoned(now.time_zone().clone()).ok()?.timestamp()));
    at.and_then(|at| u64::try_from(at.as_millisecond()).ok()).ok_or_else(|| format!("it must be {FORMS}"))
}

/// Numbers with units: days, hours, minutes, seconds.
fn duration(text: &str) -> Option<SignedDuration> {
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..]
            .find(|character: char| character.is_ascii_digit())
            .map_or(rest.len(), |length| digits + length);
        let seconds = match &rest[digits..unit_end] {
            "d" => 86_400,
            "h" => 3_600,
            "m" | "min" => 60,
            "s" => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        rest = &rest[unit_end..];
    }
    (!text.is_empty()).then(|| SignedDuration::from_secs(total))
}

fn time_of_day(text: &str, now: &Zoned) -> Option<Timestamp> {
    let time: Time =
        text.parse().ok().filter(|_| text.contains(':') && !text.contains(['-', 'T', 't', ' ']))?;
    let today = now.date().to_datetime(time).to_zoned(now.time_zone().clone()).ok()?;
    let last = if today > *now { today.checked_sub(1.day()).ok()? } else { today };
    Some(last.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 14:02:11 in a place where it is 12:02:11 UTC.
    fn read(text: &str) -> String {
        let now: Zoned = "2026-07-23T14:02:11+02:00[Europe/Vienna]".parse().unwrap();
        match moment(text, &now) {
            Ok(at) => Timestamp::from_millisecond(at.cast_signed()).unwrap().to_string(),
            Err(text) => text,
        }
    }

    #[test]
    fn a_duration_is_counted_back_from_now() {
        assert_eq!(read("10m"), "2026-07-23T11:52:11Z");
        assert_eq!(read("1h30m"), "2026-07-23T10:32:11Z");
        assert_eq!(read("1d"), "2026-07-22T12:02:11Z");
        assert_eq!(read("0s"), "2026-07-23T12:02:11Z");
    }

    #[test]
    fn a_time_of_day_is_the_last_one_that_was() {
        assert_eq!(read("14:02"), "2026-07-23T12:02:00Z");
        assert_eq!(read("14:02:10.5"), "2026-07-23T12:02:10.5Z");
        assert_eq!(read("23:50"), "2026-07-22T21:50:00Z");
    }

    #[test]
    fn a_date_and_time_is_that_moment_and_without_an_offset_meant_here() {
        assert_eq!(read("2026-07-01T00:00:00Z"), "2026-07-01T00:00:00Z");
        assert_eq!(read("2026-07-01T02:00:00.25+02:00"), "2026-07-01T00:00:00.25Z");
        assert_eq!(read("2026-07-01T02:00"), "2026-07-01T00:00:00Z");
        assert_eq!(read("2026-07-01 02:00:00"), "2026-07-01T00:00:00Z");
    }

    #[test]
    fn anything_else_is_refused_with_what_could_be_written() {
        for text in
            ["", "10", "m", "10x", "yesterday", "25:00", "-5m", "99999999999999999d", "1969-01-01T00:00:00Z"]
        {
            assert!(
                read(text).starts_with("it must be a duration before now such as 10m"),
                "{text}: {}",
                read(text)
            );
        }
    }
}
