use kinfra_rpc::Protocol;

const WORDS: usize = (u16::MAX as usize + 1) / 64;

/// A set of ports of both protocols: a bit for each, so that a nearly full range is searched in microseconds.
#[derive(Debug, Clone)]
pub struct PortSet {
    tcp: Box<[u64; WORDS]>,
    udp: Box<[u64; WORDS]>,
}

impl Default for PortSet {
    fn default() -> Self {
        Self { tcp: Box::new([0; WORDS]), udp: Box::new([0; WORDS]) }
    }
}

impl PortSet {
    #[must_use]
    pub fn contains(&self, port: u16, protocol: Protocol) -> bool {
        let bits = match protocol {
            Protocol::Tcp => &self.tcp,
            Protocol::Udp => &self.udp,
        };
        bits[usize::from(port / 64)] & mask(port) != 0
    }

    pub fn insert(&mut self, port: u16, protocol: Protocol) {
        *self.word(port, protocol) |= mask(port);
    }

    pub fn remove(&mut self, port: u16, protocol: Protocol) {
        *self.word(port, protocol) &= !mask(port);
    }

    fn word(&mut self, port: u16, protocol: Protocol) -> &mut u64 {
        let bits = match protocol {
            Protocol::Tcp => &mut self.tcp,
            Protocol::Udp => &mut self.udp,
        };
        &mut bits[usize::from(port / 64)]
    }
}

const fn mask(port: u16) -> u64 {
    1 << (port % 64)
}

impl FromIterator<(u16, Protocol)> for PortSet {
    fn from_iter<I: IntoIterator<Item = (u16, Protocol)>>(ports: I) -> Self {
        let mut set = Self::default();
        ports.into_iter().for_each(|(port, protocol)| set.insert(port, protocol));
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn entry() -> impl Strategy<Value = (u16, Protocol)> {
        (any::<u16>(), any::<bool>())
            .prop_map(|(port, udp)| (port, if udp { Protocol::Udp } else { Protocol::Tcp }))
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_set_would(
            inserted in proptest::collection::vec(entry(), 0..200),
            removed in proptest::collection::vec(entry(), 0..50),
            others in proptest::collection::vec(entry(), 0..50),
        ) {
            let mut plain: BTreeSet<_> = inserted.iter().copied().collect();
            let mut set: PortSet = inserted.iter().copied().collect();
            for (port, protocol) in removed.iter().chain(&inserted[..inserted.len() / 2]) {
                plain.remove(&(*port, *protocol));
                set.remove(*port, *protocol);
            }
            for (port, protocol) in inserted.iter().chain(&removed).chain(&others) {
                prop_assert_eq!(set.contains(*port, *protocol), plain.contains(&(*port, *protocol)));
            }
        }
    }
}
