//! What the kernel says about itself: its settings for ports, and when it was started. Each function reads one small
//! file below `/proc`.

use std::fs;

use kinfra_rpc::PortRange;

/// The ports that the kernel gives to outgoing connections, and to whoever asks for port 0.
#[must_use]
pub fn ephemeral_range() -> Option<PortRange> {
    parse_range(&fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?)
}

/// The ports that the kernel was told never to give away by itself.
#[must_use]
pub fn reserved_ports() -> Vec<PortRange> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_reserved_ports");
    text.map(|text| parse_list(&text)).unwrap_or_default()
}

/// When a process was started, in milliseconds since 1970, by its [start time](kinfra_keeper::protocol::Identity).
/// Exact to a second, and the same each time as long as nobody sets the clock.
#[must_use]
pub fn started_at(start_time: u64) -> Option<u64> {
    Some(since(booted_at()?, start_time))
}

/// When the machine was started, in milliseconds since 1970.
pub(super) fn booted_at() -> Option<u64> {
    parse_boot(&fs::read_to_string("/proc/stat").ok()?)
}

/// `boot` in milliseconds, `start_time` in clock ticks after it.
pub(super) fn since(boot: u64, start_time: u64) -> u64 {
    boot + start_time.saturating_mul(1000) / rustix::param::clock_ticks_per_second()
}

fn parse_boot(stat: &str) -> Option<u64> {
    let seconds: u64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(seconds * 1000)
}

/// Two numbers with a tab between them.
fn parse_range(text: &str) -> Option<PortRange> {
    let mut numbers = text.split_ascii_whitespace().map_while(|number| number.parse().ok());
    PortRange::new(numbers.next()?, numbers.next()?)
}

/// `8080,9000-9010`. The kernel has port 0 in such a list too; nobody else has a use for it.
fn parse_list(text: &str) -> Vec<PortRange> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        PortRange::new(first.parse::<u16>().ok()?.max(1), last.parse().ok()?)
    };
    text.trim().split(',').filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(ranges: &[(u16, u16)]) -> Vec<PortRange> {
        ranges.iter().map(|(first, last)| PortRange::new(*first, *last).unwrap()).collect()
    }

    #[test]
    fn the_range_of_outgoing_connections_is_read() {
        assert_eq!(parse_range("32768\t60999\n"), PortRange::new(32_768, 60_999));
        for nonsense in ["", "\n", "32768", "a\tb", "60999\t32768", "32768\t99999"] {
            assert_eq!(parse_range(nonsense), None, "{nonsense:?}");
        }
        assert!(ephemeral_range().is_some());
    }

    #[test]
    fn the_ports_that_the_kernel_leaves_alone_are_read() {
        assert_eq!(parse_list("\n"), []);
        assert_eq!(parse_list("8080,9000-9010\n"), ranges(&[(8080, 8080), (9000, 9010)]));
        assert_eq!(parse_list("0-100,0,65535"), ranges(&[(1, 100), (65_535, 65_535)]));
        assert_eq!(parse_list("80,nonsense,81"), ranges(&[(80, 80), (81, 81)]));
    }

    #[test]
    fn the_time_of_boot_is_read() {
        let stat = "cpu  1 2 3\nintr 5 0 0\nctxt 7\nbtime 1700000000\nprocesses 9\n";
        assert_eq!(parse_boot(stat), Some(1_700_000_000_000));
        assert_eq!(parse_boot("cpu  1 2 3\n"), None);
    }
}
