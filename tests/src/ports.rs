use std::env::temp_dir;
use std::fs::{File, create_dir_all};
use std::ops::RangeInclusive;

/// Between the ports that KInfra chooses by default (to 28999) and those that the kernel gives to outgoing
/// connections (from 32768): no one else's.
const FIRST: u16 = 29_000;
const PER_RANGE: u16 = 50;
const RANGES: u16 = 74;
const _: () = assert!(FIRST + RANGES * PER_RANGE <= 32_768);

/// A range of ports that no other test uses for as long as this lives, in whatever process that test runs.
///
/// Theory of operation: one lock file per range; the kernel gives the lock back however a test ends.
#[derive(Debug)]
pub(crate) struct PortRange {
    number: u16,
    _lock: File,
}

impl PortRange {
    pub(crate) fn take() -> Self {
        let user = rustix::process::getuid().as_raw();
        let folder = temp_dir().join(format!("kinfra-tests-{user}"));
        create_dir_all(&folder).unwrap_or_else(|error| panic!("cannot make {}: {error}", folder.display()));
        (0..RANGES)
            .find_map(|number| {
                let path = folder.join(format!("ports-{number}"));
                let lock = File::create(&path)
                    .unwrap_or_else(|error| panic!("cannot make {}: {error}", path.display()));
                lock.try_lock().ok().map(|()| Self { number, _lock: lock })
            })
            .unwrap_or_else(|| panic!("all {RANGES} port ranges are in use; see {}", folder.display()))
    }

    pub(crate) fn ports(&self) -> RangeInclusive<u16> {
        let first = FIRST + self.number * PER_RANGE;
        first..=first + PER_RANGE - 1
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
}
