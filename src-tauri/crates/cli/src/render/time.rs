use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A span in the two units that say enough: `8 s`, `3 min 20 s`, `2 h 5 min`, `4 d 1 h`.
pub fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    if days > 0 {
        two(days, "d", hours % 24, "h")
    } else if hours > 0 {
        two(hours, "h", minutes % 60, "min")
    } else if minutes > 0 {
        two(minutes, "min", seconds % 60, "s")
    } else {
        format!("{seconds} s")
    }
}

/// How long something has been there.
pub fn since(started_at: Option<u64>, now: u64) -> String {
    started_at.map_or_else(|| "–".to_owned(), |started| span(now.saturating_sub(started)))
}

/// `14:02:11`, with the day where that is another than today.
pub fn moment(at: u64, now: u64, zone: &TimeZone) -> String {
    let zoned = |moment: u64| {
        let moment = Timestamp::from_millisecond(moment.cast_signed()).unwrap_or_default();
        moment.to_zoned(zone.clone())
    };
    let (at, now) = (zoned(at), zoned(now));
    let format = if at.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    at.strftime(format).to_string()
}
