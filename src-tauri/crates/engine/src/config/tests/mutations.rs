//! Whatever stands in the file, reading it ends in a project or in problems with places.

use proptest::prelude::*;

use super::{Format, file};
use crate::config::parse;

const YAML: &str = "project: shop\nservices:\n  web: &web\n    run: serve ${services.api.port} $$\n    env: {A: 'b', \
                    C: \"${HOME}\"}\n    depends_on: [api]\n    health: {http: /, interval: 2s}\n  api:\n    <<: *web\n    \
                    depends_on: {}\n    stop: {signal: INT, grace: 1.5}\n    port: [3000, 3001]\n  dns:\n    run: ${services.dns.ports.udp}\n    \
                    ports: {udp: auto/udp, http: 1}\nports: {range: 1-2, env_files: .env}\n";
const JSON: &str = r#"{"project": "shop", "services": {"web": {"run": ["a", 1.5, true], "port": 1e3, "env": {"A": "\u00e9\n"}}}}"#;
const TOML: &str = "project = 'shop'\n[services.web]\nrun = \"x\"\nport = 0x10\nenv = { A = 1979-05-27, B.c = inf }\n[[a]]\n";

/// Cuts a piece out and puts another in its place.
fn mutated(text: &str, at: prop::sample::Index, length: usize, piece: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let start = at.index(characters.len());
    let end = (start + length).min(characters.len());
    characters[..start]
        .iter()
        .copied()
        .chain(piece.chars())
        .chain(characters[end..].iter().copied())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_the_reader_panic(
        (text, format) in prop::sample::select(vec![
            (YAML, Format::Yaml), (JSON, Format::Json), (TOML, Format::Toml)
        ]),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..12, r"([\[\]{}:,'\x22#&*!|>$\n\t =-]|é|\PC|0|null|<<: ){0,4}"), 1..4
        ),
    ) {
        let text = edits.into_iter().fold(text.to_owned(), |text, (at, length, piece)| {
            if text.is_empty() { text } else { mutated(&text, at, length, &piece) }
        });
        if let Err(problems) = parse(&file(format), &text, format) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                let place = problem.place.expect("a problem of a file has a place");
                let lines = u32::try_from(text.lines().count()).unwrap() + 1;
                prop_assert!((1..=lines).contains(&place.line), "{}:{} of {lines}", place.line, problem.message);
                prop_assert!(place.column >= 1);
            }
        }
    }
}

#[test]
fn aliases_that_multiply_end_in_a_problem_and_not_in_memory() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = level - 1;
        text += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 9].join(", "));
    }
    assert!(parse(&file(Format::Yaml), &text, Format::Yaml).is_err());
}

#[test]
fn deep_nesting_ends_in_a_problem_and_not_in_the_stack() {
    for (format, open) in [(Format::Yaml, "["), (Format::Json, "["), (Format::Toml, "a = ")] {
        let text = open.to_owned() + &"[".repeat(100_000);
        assert!(parse(&file(format), &text, format).is_err());
    }
}
