//! Linux: what one process uses, from `/proc`.

use std::fs;
use std::time::Duration;

use crate::protocol::Identity;

/// The processor time of one process at one moment, and what its `stat` says beside that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessTime {
    pub identity: Identity,
    /// Of its own threads, those that ended included.
    pub own: Duration,
    /// Of its children that ended and were waited for, with all theirs.
    pub waited_for: Duration,
    pub threads: u32,
    /// In bytes; what it shares with others is counted in full.
    pub resident: u64,
}

/// Looks at one process; `None` when there is none of this pid.
#[must_use]
pub fn time_of(pid: u32) -> Option<ProcessTime> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    parse_time(&String::from_utf8_lossy(&stat), rustix::param::clock_ticks_per_second(), page)
}

/// In bytes, its share of what it shares with others (PSS); `None` where that may not be read.
#[must_use]
pub fn proportional_memory_of(pid: u32) -> Option<u64> {
    parse_proportional(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?)
}

/// How many descriptors it has open; `None` where that may not be seen.
#[must_use]
pub fn descriptors_of(pid: u32) -> Option<u32> {
    let count = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
    u32::try_from(count).ok()
}

/// The fields of proc_pid_stat(5), counted from behind the program's name, where field 3 comes first.
fn parse_time(stat: &str, ticks_per_second: u64, page: u64) -> Option<ProcessTime> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let time = |user: usize, system: usize| -> Option<Duration> {
        let ticks = field(user)?.saturating_add(field(system)?);
        Some(Duration::from_millis(ticks.saturating_mul(1000).checked_div(ticks_per_second)?))
    };
    Some(ProcessTime {
        identity: Identity { pid, start_time: field(22)? },
        own: time(14, 15)?,
        waited_for: time(16, 17)?,
        threads: u32::try_from(field(20)?).ok()?,
        resident: field(24)?.saturating_mul(page),
    })
}

/// The line `Pss:` of proc_pid_smaps(5), which is in units of 1,024 bytes.
fn parse_proportional(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_threads_and_memory_are_read_from_behind_the_name() {
        let stat = "42 (a) 9 (b)) S 1 40 39 0 -1 4194560 1 2 3 4 250 50 70 30 20 0 6 0 777 1000 3 0";
        let expected = ProcessTime {
            identity: Identity { pid: 42, start_time: 777 },
            own: Duration::from_secs(3),
            waited_for: Duration::from_secs(1),
            threads: 6,
            resident: 3 * 4096,
        };
        assert_eq!(parse_time(stat, 100, 4096), Some(expected));
        assert_eq!(parse_time("42 (cut off) S 1 40", 100, 4096), None);
        assert_eq!(parse_time("", 100, 4096), None);
    }

    #[test]
    fn the_share_of_memory_is_neither_the_whole_nor_a_part_of_it() {
        let rollup = "55-7f ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:  300 kB\nPss_Dirty:  20 kB\n";
        assert_eq!(parse_proportional(rollup), Some(300 * 1024));
        assert_eq!(parse_proportional("Pss_Dirty: 20 kB\n"), None);
    }

    #[test]
    fn this_very_process_can_be_looked_at() {
        let pid = std::process::id();
        let time = time_of(pid).unwrap();
        assert_eq!(Some(time.identity), super::super::identity_of(pid));
        assert!(time.threads >= 1 && time.resident > 0, "{time:?}");
        assert!(proportional_memory_of(pid).unwrap() > 0);
        let before = descriptors_of(pid).unwrap();
        assert!(before >= 3, "{before}");
    }
}
