//! `Retry-After`, in both of its forms.

use std::time::Duration;

use super::dates::http_date;

/// How long to wait, by this header. A date counts from the answer's own `Date`, so that no two clocks are compared;
/// without one it says nothing.
pub fn retry_after(value: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let value = value?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let seconds = http_date(value)?.saturating_sub(http_date(date?.trim())?);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
