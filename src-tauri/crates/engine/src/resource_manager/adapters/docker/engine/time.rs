/// Nanoseconds since 1970 of `2026-11-26T22:34:55.747559725Z`, as engines write times. None for the year 1, which says
/// "never".
#[must_use]
pub fn nanoseconds(text: &str) -> Option<u64> {
    let (date, rest) = text.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at(zone);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?;
    let seconds = u64::try_from(seconds).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(digits.parse().ok()?)
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    let sign = match zone.chars().next()? {
        'Z' => return Some(0),
        '-' => -1,
        _ => 1,
    };
    let (hours, minutes) = zone[1..].split_once(':')?;
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
}

/// Since 1970, of the Gregorian calendar: years are counted from March, so that a leap day is the last of one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // From 1 March of year 0 to 1 January 1970 it is 719468 days.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_engines_are_read_to_the_nanosecond() {
        assert_eq!(nanoseconds("1970-01-01T00:00:01Z"), Some(1_000_000_000));
        assert_eq!(nanoseconds("2024-02-29T12:00:00.5Z"), Some(1_709_208_000_500_000_000));
        assert_eq!(nanoseconds("2026-11-26T22:34:55.747559725Z"), Some(1_795_732_495_747_559_725));
        assert_eq!(nanoseconds("2026-11-26T23:34:55.747559725+01:00"), Some(1_795_732_495_747_559_725));
        assert_eq!(nanoseconds("0001-01-01T00:00:00Z"), None);
        assert_eq!(nanoseconds("yesterday"), None);
    }
}
