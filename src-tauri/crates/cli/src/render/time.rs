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
