use std::fs;

use kinfra_rpc::PortRange;

/// The ports that the kernel gives to outgoing connections.
#[must_use]
pub fn ephemeral_range() -> Option<PortRange> {
    parse_range(&fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?)
}

/// The ports among them that it was told to leave alone.
#[must_use]
pub fn reserved_ports() -> Vec<PortRange> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_reserved_ports").unwrap_or_default();
    parse_list(&text)
}

fn parse_range(text: &str) -> Option<PortRange> {
    let mut numbers = text.split_ascii_whitespace().map_while(|number| number.parse().ok());
    PortRange::new(numbers.next()?, numbers.next()?)
}

/// `8080,9000-9010`
fn parse_list(text: &str) -> Vec<PortRange> {
    text.trim().split(',').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_ranges_are_read() {
        assert_eq!(parse_range("32768\t60999\n"), PortRange::new(32_768, 60_999));
        assert_eq!(parse_range("nonsense"), None);
        assert_eq!(parse_list("\n"), []);
        let ranges = [PortRange::new(8080, 8080), PortRange::new(9000, 9010)];
        assert_eq!(parse_list("8080,9000-9010\n"), ranges.map(Option::unwrap));
    }
}
