use std::time::Duration;

/// `restoring · 1 min 20 s so far`
pub fn so_far(word: &str, time: Duration) -> String {
    match time.as_secs() {
        0 => word.to_owned(),
        seconds @ 1..60 => format!("{word} · {seconds} s so far"),
        seconds => format!("{word} · {} min {} s so far", seconds / 60, seconds % 60),
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
    }
}
