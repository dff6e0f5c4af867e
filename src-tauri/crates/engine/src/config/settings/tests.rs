use std::path::Path;
use std::time::Duration;

use super::{Keep, Signal};
use crate::schema::tree::{Format, read};
use crate::schema::{PortSetting, Printable, Reader, Shape};

fn decoded<T: Shape>(text: &str) -> Option<T> {
    let (tree, faults) = read(text, Format::Yaml);
    assert!(faults.is_empty(), "{text}: {faults:?}");
    let mut reader = Reader::new(Path::new("kinfra.yaml"));
    let value = T::decode(&tree.unwrap(), &mut reader);
    assert_eq!(value.is_none(), !reader.into_problems().is_empty(), "{text}");
    value
}

#[test]
fn a_time_is_a_number_with_or_without_a_unit() {
    for (text, milliseconds) in [
        ("500ms", Some(500)),
        ("10s", Some(10_000)),
        ("1.5 s", Some(1_500)),
        ("2m", Some(120_000)),
        ("24h", Some(86_400_000)),
        ("10", Some(10_000)),
        ("'10'", Some(10_000)),
        ("0.25", Some(250)),
        ("0", Some(0)),
        ("25h", None),
        ("-1", None),
        ("1d", None),
        ("s", None),
        ("1e300", None),
        ("1.2.3s", None),
        ("true", None),
    ] {
        assert_eq!(decoded(text), milliseconds.map(Duration::from_millis), "{text}");
    }
}

#[test]
fn what_is_kept_of_a_log_is_a_size_with_its_unit() {
    for (text, bytes) in [
        ("64MiB", Some(64 << 20)),
        ("1.5 GiB", Some(3 << 29)),
        ("1024KiB", Some(1 << 20)),
        ("2gb", Some(2_000_000_000)),
        ("16GiB", Some(16 << 30)),
        ("1000kB", None),
        ("17GiB", None),
        ("64", None),
        ("'64'", None),
        ("64M", None),
        ("MiB", None),
        ("1e9GiB", None),
        ("-64MiB", None),
        ("[64MiB]", None),
    ] {
        assert_eq!(decoded(text), bytes.map(Keep), "{text}");
    }
}

#[test]
fn a_printed_time_is_the_same_time() {
    for milliseconds in [0, 1, 250, 1_000, 1_500, 90_000] {
        let duration = Duration::from_millis(milliseconds);
        assert_eq!(decoded(duration.printed().as_str().unwrap()), Some(duration));
    }
}

#[test]
fn a_printed_port_is_the_same_port() {
    for text in ["auto", "3000", "auto/udp", "53/udp", "[3000, 3001]", "[53/udp, 54/udp]"] {
        let port = decoded::<PortSetting>(text).unwrap();
        assert_eq!(decoded(&port.printed().to_string()), Some(port), "{text}");
    }
    assert_eq!(decoded("53/tcp"), decoded::<PortSetting>("53"));
}

#[test]
fn a_signal_is_a_name_with_or_without_its_prefix_or_a_number() {
    for (text, number) in [
        ("SIGTERM", Some(15)),
        ("TERM", Some(15)),
        ("INT", Some(2)),
        ("9", Some(9)),
        ("0", None),
        ("65", None),
        ("term", None),
        ("SIGSIGTERM", None),
    ] {
        assert_eq!(decoded::<Signal>(text).map(|signal| signal.0), number, "{text}");
    }
}
