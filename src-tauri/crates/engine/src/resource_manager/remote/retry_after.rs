//! `Retry-After`, in both of its forms.

use std::time::Duration;

/// How long to wait, by this header. A date counts from the answer's own `Date`, so that no two clocks are compared;
/// without one it says nothing.
pub fn retry_after(value: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let value = value?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let seconds = seconds_of(value)?.saturating_sub(seconds_of(date?.trim())?);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// Of `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that may be written (RFC 9110, 5.6.7): seconds since 1970.
fn seconds_of(text: &str) -> Option<i64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month = i64::try_from(MONTHS.find(words.next()?)? / 3).ok()?;
    let year: i64 = words.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut time = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    (words.next()? == "GMT").then_some(())?;
    // Years begin in March here, so that a leap day is a year's last.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    /// From 1 March of the year 0.
    const UNTIL_1970: i64 = 719_468;
    Some((days - UNTIL_1970) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_since_1970() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
        ] {
            assert_eq!(seconds_of(text), Some(seconds), "{text}");
        }
        for text in ["", "soon", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"] {
            assert_eq!(seconds_of(text), None, "{text}");
        }
    }

    #[test]
    fn both_forms_say_how_long() {
        let (date, later) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:07 GMT");
        let seconds = |value, date| retry_after(value, date).map(|time| time.as_secs());
        assert_eq!(seconds(Some("120"), None), Some(120));
        assert_eq!(seconds(Some(later), Some(date)), Some(30));
        assert_eq!(seconds(Some(date), Some(later)), Some(0), "that is over");
        assert_eq!(seconds(Some(later), None), None, "nobody's clock is asked");
        assert_eq!(seconds(Some("-1"), Some(date)), None);
        assert_eq!(seconds(None, Some(date)), None);
    }
}
