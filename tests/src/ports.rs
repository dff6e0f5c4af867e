use std::env::temp_dir;
use std::fs::{File, create_dir_all};
use std::ops::RangeInclusive;

use kinfra_engine::port_registry::is_free;
use kinfra_rpc::Protocol;

/// Between the ports that KInfra chooses by default (to 28999) and those that the kernel gives to outgoing
/// connections (from 32768): no one else's.
const FIRST: u16 = 29_000;
const PER_RANGE: u16 = 50;
const RANGES: u16 = 74;
const _: () = assert!(FIRST + RANGES * PER_RANGE <= 32_768);

/// A range of ports that no other test uses for as long as this lives, in whatever process that test runs.
///
/// Theory of operation: one lock file per range; the kernel gives the lock back however a test ends. A range in which
/// somebody listens all the same, a server that something left behind say, is passed over.
#[derive(Debug)]
pub(crate) struct PortRange {
    ports: RangeInclusive<u16>,
    _locks: Vec<File>,
}

impl PortRange {
    pub(crate) fn take() -> Self {
        Self::take_for(PER_RANGE)
    }

    /// So many ports side by side, or some more.
    pub(crate) fn take_for(ports: u16) -> Self {
        let user = rustix::process::getuid().as_raw();
        let folder = temp_dir().join(format!("kinfra-tests-{user}"));
        create_dir_all(&folder).unwrap_or_else(|error| panic!("cannot make {}: {error}", folder.display()));
        let lock = |number: u16| {
            let path = folder.join(format!("ports-{number}"));
            let lock =
                File::create(&path).unwrap_or_else(|error| panic!("cannot make {}: {error}", path.display()));
            lock.try_lock().ok().map(|()| lock)
        };
        let ranges = ports.div_ceil(PER_RANGE);
        let taken = (0..=RANGES.saturating_sub(ranges)).find_map(|number| {
            let locks: Option<Vec<File>> = (number..number + ranges).map(lock).collect();
            let first = FIRST + number * PER_RANGE;
            let (ports, locks) = (first..=first + ranges * PER_RANGE - 1, locks?);
            let is_free = |port| is_free(port, Protocol::Tcp);
            ports.clone().all(is_free).then_some(Self { ports, _locks: locks })
        });
        let all = RANGES * PER_RANGE;
        taken.unwrap_or_else(|| {
            panic!("no {ports} of {all} ports side by side are free; see {}", folder.display())
        })
    }

    pub(crate) fn ports(&self) -> RangeInclusive<u16> {
        self.ports.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ranges_have_no_port_in_common() {
        let (one, other) = (PortRange::take(), PortRange::take());
        assert!(one.ports().all(|port| !other.ports().contains(&port)));
    }

    #[test]
    fn a_range_in_which_somebody_listens_is_passed_over() {
        let range = PortRange::take();
        let port = *range.ports().start();
        // Held from before the range is free for others, as by a process that outlives its test.
        let _left = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        drop(range);
        let ranges: Vec<PortRange> = (0..3).map(|_| PortRange::take()).collect();
        assert!(ranges.iter().all(|range| !range.ports().contains(&port)));
    }

    #[test]
    fn a_wide_range_has_room_for_all_that_was_asked() {
        let (wide, other) = (PortRange::take_for(101), PortRange::take());
        assert_eq!(wide.ports().count(), 150);
        assert!(wide.ports().all(|port| !other.ports().contains(&port)));
    }
}
