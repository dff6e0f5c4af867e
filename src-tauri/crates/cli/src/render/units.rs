//! Numbers with the unit that reads best.

/// `812 B`, `1.2 KiB`, `34.5 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Shown with one decimal: what is lost of a large number is not seen.
    #[allow(clippy::cast_precision_loss)]
    let mut shown = bytes as f64 / 1024.0;
    let mut unit = 0;
    while shown >= 1023.95 && unit + 1 < UNITS.len() {
        shown /= 1024.0;
        unit += 1;
    }
    format!("{shown:.1} {}", UNITS[unit])
}

/// `0.3 ms`, `12 ms`, `1.2 s`, `2 min 5 s`, of microseconds.
pub fn latency(micros: u64) -> String {
    // As above.
    #[allow(clippy::cast_precision_loss)]
    let milliseconds = micros as f64 / 1000.0;
    match micros {
        ..9_950 => format!("{milliseconds:.1} ms"),
        9_950..999_500 => format!("{milliseconds:.0} ms"),
        999_500..60_000_000 => format!("{:.1} s", milliseconds / 1000.0),
        _ => super::time::span(micros / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_shown_in_the_unit_that_reads_best() {
        let sizes = [0, 1023, 1024, 1_048_550, 1 << 20, 3 << 29, 1 << 43].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB", "1.5 GiB", "8192.0 GiB"]);
        let durations = [0, 320, 9_949, 12_345, 999_600, 1_234_567, 125_000_000].map(latency);
        assert_eq!(durations, ["0.0 ms", "0.3 ms", "9.9 ms", "12 ms", "1.0 s", "1.2 s", "2 min 5 s"]);
    }
}
