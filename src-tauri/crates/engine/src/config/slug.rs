//! Names as parts of host names.

use super::stable_hash::stable_hash;

/// A DNS label holds at most 63 characters (RFC 1035, 2.3.4).
const LONGEST: usize = 63;

/// The name as a DNS label: lower-case letters, digits and single dashes between them, 1 to 63 characters. A
/// longer one ends in a hash of the whole name, and one without any usable character consists of it.
#[must_use]
pub fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|character: char| !character.is_ascii_alphanumeric());
    let label = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let hash = || format!("{:08x}", stable_hash(name) >> 32);
    match label.len() {
        0 => format!("n-{}", hash()),
        length if length <= LONGEST => label,
        _ => {
            let hash = hash();
            let kept = label[..LONGEST - hash.len() - 1].trim_end_matches('-');
            format!("{kept}-{hash}")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::slug;

    #[test]
    fn names_become_labels() {
        for (name, expected) in [
            ("web", "web"),
            ("My Shop", "my-shop"),
            ("api_v2.1", "api-v2-1"),
            ("--a--b--", "a-b"),
            ("Grüße", "gr-e"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }

    #[test]
    fn long_names_that_begin_alike_stay_apart() {
        let first = slug(&format!("{}-one", "a".repeat(80)));
        let second = slug(&format!("{}-two", "a".repeat(80)));
        assert_eq!(first.len(), 63);
        assert_ne!(first, second);
    }

    proptest! {
        #[test]
        fn every_name_gives_a_valid_label_that_is_its_own_slug(name in ".{0,120}") {
            let label = slug(&name);
            prop_assert!((1..=63).contains(&label.len()));
            prop_assert!(label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!label.starts_with('-') && !label.ends_with('-'));
            prop_assert_eq!(slug(&label), label);
        }
    }
}
