use std::collections::BTreeMap;
use std::sync::Arc;

use super::spec;
use crate::config::{Fingerprint, ServiceSpec};

fn service(settings: &str) -> ServiceSpec {
    spec(&format!("services: {{web: {{{settings}}}}}")).services.remove(0).as_ref().clone()
}

/// What versions that had nothing but these settings have written down, and will be compared with for good.
#[test]
fn a_setting_that_comes_later_changes_no_fingerprint_of_a_service_that_does_not_use_it() {
    let written_down = [
        ("run: x", "564d54a5f0001b89"),
        ("run: [x, y]", "2bf5e73bb6b50c88"),
        ("run: x, type: task", "38aad42adc527874"),
        ("run: x, dir: y", "b6ff8ec20e63ff6f"),
        ("run: x, env_file: .env.shop", "26f857e4b509c203"),
        ("run: x, env: {A: b, C: d}", "4ac8d2a5144ddb0b"),
        ("run: x, port: none", "323c92d20acaffcd"),
        ("run: x, port: 8080", "549576603dd0a235"),
        ("run: x, ports: {http: [8080, 8081], dns: auto/udp}", "a99a1a0d9d73391c"),
    ];
    for (settings, written_down) in written_down {
        let current = service(settings).fingerprint();
        let launched: Fingerprint = written_down.parse().unwrap();
        assert!(!launched.differs_from(current), "{settings}: {current}, not {written_down}");
        assert!(launched.differs_from(service("run: z").fingerprint()), "{settings}");
    }
}

#[test]
fn a_file_of_a_secret_counts_by_its_names_alone() {
    let launched = service("run: x, secret_files: {DB_FILE: db}").fingerprint();
    assert!(launched.differs_from(service("run: x").fingerprint()));
    assert!(launched.differs_from(service("run: x, secret_files: {DB_FILE: other}").fingerprint()));
    assert!(!launched.differs_from(service("run: x, secret_files: {DB_FILE: db}").fingerprint()));
}

#[test]
fn what_files_say_is_compared_where_it_was_looked_at() {
    let before_files_were_looked_at: Fingerprint = "564d54a5f0001b89".parse().unwrap();
    let without = service("run: x");
    let mut with = without.clone();
    with.environment.contents = Arc::new(BTreeMap::from([("LEVEL".to_owned(), 1)]));
    assert!(!before_files_were_looked_at.differs_from(with.fingerprint()));
    for (launched, current) in [(&without, &with), (&with, &without)] {
        assert!(launched.fingerprint().differs_from(current.fingerprint()));
    }
    assert_eq!(with.fingerprint().to_string(), "564d54a5f0001b89.0a3eadfb6490083e");
    for fingerprint in [with.fingerprint(), before_files_were_looked_at] {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    assert!("".parse::<Fingerprint>().is_err(), "as it is written down where nobody knows it");
}
