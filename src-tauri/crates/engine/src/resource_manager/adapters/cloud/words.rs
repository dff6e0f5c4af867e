use std::time::Duration;

/// `restoring · 1 min 20 s so far`
pub fn so_far(word: &str, time: Duration) -> String {
    match time.as_secs() {
        0 => word.to_owned(),
        seconds @ 1..60 => format!("{word} · {seconds} s so far"),
        seconds => format!("{word} · {} min {} s so far", seconds / 60, seconds % 60),
    }
}

/// `45 min`, `2.0 h`
pub fn span(time: Duration) -> String {
    match time.as_secs() / 60 {
        minutes @ 0..60 => format!("{minutes} min"),
        _ => format!("{:.1} h", time.as_secs_f64() / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_something_takes_is_told_by_the_second() {
        let told = |seconds| so_far("pausing", Duration::from_secs(seconds));
        assert_eq!([0, 5, 59].map(told), ["pausing", "pausing · 5 s so far", "pausing · 59 s so far"]);
        assert_eq!(told(125), "pausing · 2 min 5 s so far");
        assert_eq!(
            [60, 3540, 7200].map(|seconds| span(Duration::from_secs(seconds))),
            ["1 min", "59 min", "2.0 h"]
        );
    }
}
