//! Moments as APIs write them, in seconds since 1970.

/// Of `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that may be written (RFC 9110, 5.6.7).
pub fn http_date(text: &str) -> Option<i64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month = i64::try_from(MONTHS.find(words.next()?)? / 3).ok()?;
    let year: i64 = words.next()?.parse().ok()?;
    let time = words.next()?;
    (words.next()? == "GMT").then_some(())?;
    since_1970((year, month, day), time)
}

/// Of `2026-08-01T09:30:00.123Z` (RFC 3339), in UTC.
pub fn iso_date(text: &str) -> Option<i64> {
    let utc = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let (date, time) = utc.split_once('T')?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let is_month = (1..=12).contains(&month);
    is_month.then(|| since_1970((year, month - 1, day), time.split('.').next()?)).flatten()
}

/// January is 0; the time is `08:49:37`.
fn since_1970((year, month, day): (i64, i64, i64), time: &str) -> Option<i64> {
    (1970..=9999).contains(&year).then_some(())?;
    let mut time = time.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
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
            assert_eq!(http_date(text), Some(seconds), "{text}");
        }
        for text in ["", "soon", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    #[test]
    fn the_form_of_json_says_the_same() {
        for text in ["1994-11-06T08:49:37Z", "1994-11-06T08:49:37.123456Z", "1994-11-06T08:49:37+00:00"] {
            assert_eq!(iso_date(text), Some(784_111_777), "{text}");
        }
        for text in ["", "1994-11-06", "1994-13-06T08:49:37Z", "1994-11-06T08:49:37+02:00", "T"] {
            assert_eq!(iso_date(text), None, "{text}");
        }
    }
}
