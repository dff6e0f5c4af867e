//! What processes cost, as `/proc` tells.

use std::fs::{read_dir, read_to_string};

/// Proportional set size of all of them, in KiB: what is shared with others counts in parts. What has ended has none.
#[must_use]
pub fn pss(pids: &[u32]) -> f64 {
    let of = |pid: &u32| {
        let text = read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()
    };
    pids.iter().filter_map(of).sum()
}

/// Time on a processor so far, of all threads that still live, in milliseconds.
#[must_use]
pub fn processor_time(pids: &[u32]) -> f64 {
    let threads = pids.iter().filter_map(|pid| read_dir(format!("/proc/{pid}/task")).ok()).flatten();
    let of = |text: String| text.split(' ').next()?.parse::<f64>().ok();
    threads.filter_map(|thread| of(read_to_string(thread.ok()?.path().join("schedstat")).ok()?)).sum::<f64>()
        / 1e6
}
