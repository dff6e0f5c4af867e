//! Finds what was probably meant.

/// The candidate that is nearest to a mistyped word, if one is near enough that it is worth naming.
pub(crate) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let wanted = plain(word);
    let near = candidates.filter_map(|candidate| {
        let candidate_plain = plain(candidate);
        let distance = strsim::damerau_levenshtein(&wanted, &candidate_plain);
        // A third of the letters may differ: `prot` is `port`, `dir` is not `run`.
        let longer = wanted.chars().count().max(candidate_plain.chars().count());
        (distance <= longer.div_ceil(3) && distance < longer).then_some((distance, candidate))
    });
    // The first of the nearest, so that messages don't depend on anything but the file.
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// `dependsOn`, `depends-on` and `depends_on` are the same word.
fn plain(word: &str) -> String {
    word.chars().filter(|character| !matches!(character, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_mistyped_word_names_the_nearest_one_and_a_foreign_one_none() {
        let known = ["run", "dir", "env", "env_file", "port", "depends_on", "health", "restart", "stop"];
        for (word, expected) in [
            ("prot", Some("port")),
            ("ports", Some("port")),
            ("dependsOn", Some("depends_on")),
            ("healthcheck", None),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known.into_iter()), expected, "{word}");
        }
    }
}
