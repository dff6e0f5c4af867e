//! The corpus of configurations and what comes of it by chance: reading ends in a project or in problems whose places
//! are in the text, and never in a panic.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kinfra_rpc::{ErrorCode, Problem};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::super::spec::ServiceSpec;
use super::{Format, file, shown};
use crate::config::{Mode, Reference, diff, dotenv, expand, parse};

/// Far more than any of these texts takes, and far less than what grows without a bound.
const LONG: Duration = Duration::from_secs(20);

/// What readers stumble over.
const PIECES: [&str; 52] = [
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\0",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{e9}",
    "\u{1f389}",
    "\u{7f}",
    ":",
    ": ",
    "- ",
    "? ",
    "#",
    " #",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    "\"",
    "\"\"\"",
    "'''",
    "\\",
    "\\u",
    "=",
    "//",
    "/*",
    "$",
    "$$",
    "${",
    "${services.web.url}",
    "${secret:x}",
    "~",
    "-1",
    "99999999999999999999",
    "1e999",
];

#[derive(Debug, Clone)]
enum Edit {
    /// Takes out so many characters and puts a piece in.
    Piece(Index, usize, &'static str),
    Character(Index, char),
    /// Says a line again, at another place.
    Line(Index, Index),
    Cut(Index),
}

#[test]
fn every_text_of_the_corpus_is_read_or_refused() {
    let corpus = corpus();
    assert!(corpus.len() > 50, "most of the corpus is missing");
    for (name, text) in &corpus {
        read(name, text).unwrap_or_else(|fault| panic!("{}: {fault}", name.display()));
    }
    let read = |name: &str| corpus.iter().find(|(known, _)| known.ends_with(name)).unwrap();
    for name in ["full.yaml", "small.yaml", "small.json", "small.toml"] {
        let (path, text) = read(name);
        parse(path, text, Format::of(path)).unwrap_or_else(|problems| panic!("{name}: {}", shown(problems)));
    }
}

#[test]
fn a_sample_of_hostile_texts_is_read_or_refused() {
    fuzz(20_000);
}

#[test]
#[ignore = "deep"]
fn many_hostile_texts_are_read_or_refused() {
    fuzz(2_000_000);
}

fn corpus() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/config");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), std::fs::read_to_string(file).unwrap())).collect()
}

fn fuzz(cases: u32) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let given = std::env::var("KINFRA_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| u64::from(now.subsec_nanos()));
    println!("to repeat this: KINFRA_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));

    let corpus = corpus();
    let at = any::<Index>;
    let edit = prop_oneof![
        6 => (at(), 0usize..12, prop::sample::select(&PIECES[..]))
            .prop_map(|(at, length, piece)| Edit::Piece(at, length, piece)),
        1 => (at(), any::<char>()).prop_map(|(at, character)| Edit::Character(at, character)),
        2 => (at(), at()).prop_map(|(from, to)| Edit::Line(from, to)),
        1 => at().prop_map(Edit::Cut),
    ];
    let result = runner.run(&(at(), prop::collection::vec(edit, 1..6)), |(case, edits)| {
        let (name, text) = case.get(&corpus);
        let text = edits.iter().fold(text.clone(), edited);
        read(name, &text).map_err(|fault| {
            let name = name.file_name().unwrap_or_default().display();
            TestCaseError::fail(format!("{fault}\n  changed: {name}\n  text: {text:?}"))
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

fn edited(text: String, edit: &Edit) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        return text;
    }
    let with = |start: usize, end: usize, piece: &str| {
        let (before, after) = (&characters[..start], &characters[end.min(characters.len())..]);
        before.iter().copied().chain(piece.chars()).chain(after.iter().copied()).collect()
    };
    match edit {
        Edit::Piece(at, length, piece) => {
            let start = at.index(characters.len());
            with(start, start + length, piece)
        }
        Edit::Character(at, character) => {
            let at = at.index(characters.len());
            with(at, at + 1, &character.to_string())
        }
        Edit::Line(from, to) => {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines.insert(to.index(lines.len()), lines[from.index(lines.len())]);
            lines.concat()
        }
        Edit::Cut(at) => characters[..at.index(characters.len())].iter().collect(),
    }
}

fn is_environment(name: &Path) -> bool {
    name.extension().is_some_and(|extension| extension == "env")
}

/// Reads a text as what its name says, and says what is not as it should be.
fn read(name: &Path, text: &str) -> Result<(), String> {
    let begun = Instant::now();
    if is_environment(name) {
        read_environment(name, text)?;
    } else {
        read_configuration(Format::of(name), text)?;
    }
    read_references(text)?;
    if begun.elapsed() > LONG { Err(format!("it took {:?}", begun.elapsed())) } else { Ok(()) }
}

fn read_configuration(format: Format, text: &str) -> Result<(), String> {
    let file = file(format);
    match parse(&file, text, format) {
        Err(problems) => have_places(&file, text, &problems),
        Ok(spec) => {
            let again = parse(&file, text, format).map_err(|_| "read again, it is none")?;
            let services: Vec<&ServiceSpec> = again.services.iter().map(|service| &**service).collect();
            match diff(&services, &spec).as_slice() {
                [] if spec == again => Ok(()),
                differences => Err(format!("it is another when read again: {differences:?}")),
            }
        }
    }
}

fn read_environment(file: &Path, text: &str) -> Result<(), String> {
    match dotenv::parse(file, text) {
        Err(problems) => have_places(file, text, &problems),
        Ok(variables) => {
            match variables.iter().find(|(name, _)| name.is_empty() || name.contains(['=', '\n'])) {
                Some((name, _)) => Err(format!("{name:?} is no name")),
                None => Ok(()),
            }
        }
    }
}

/// Each problem is in the file, in one of its lines or after the last one, and not behind the end of the line.
fn have_places(file: &Path, text: &str, problems: &[Problem]) -> Result<(), String> {
    if problems.is_empty() {
        return Err("refused without a problem".to_owned());
    }
    // In YAML a bare CR ends a line (YAML 1.2, 5.4).
    let is_yaml = !is_environment(file) && Format::of(file) == Format::Yaml;
    let unified = if is_yaml { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    let lines: Vec<&str> = unified.split('\n').collect();
    for problem in problems {
        let place = problem.place.as_ref().ok_or_else(|| format!("no place: {}", problem.message))?;
        let line = place.line.checked_sub(1).and_then(|line| lines.get(line as usize));
        let columns = line.map_or(0, |line| line.chars().count() + 1);
        if place.file != file || place.column == 0 || place.column as usize > columns {
            let (line, column) = (place.line, place.column);
            return Err(format!(
                "{line}:{column} is no place in {} lines, {columns} columns there: {}",
                lines.len(),
                problem.message
            ));
        }
    }
    Ok(())
}

/// Whatever is looked up or refused, what is no reference stays.
fn read_references(text: &str) -> Result<(), String> {
    let refuse = |_: &Reference| Err(Problem::new(ErrorCode::UnknownService, "no"));
    let name = |reference: &Reference| Ok(reference.to_string());
    for mode in [Mode::Setting, Mode::Run] {
        let _ = expand(text, mode, &refuse);
        // A reference that stands for itself changes nothing but the doubled dollar signs.
        if let Ok(expanded) = expand(text, mode, &name)
            && !text.contains("$$")
            && expanded != text
        {
            return Err(format!("{mode:?}: expanded to {expanded:?}"));
        }
        if expand(&text.replace('$', "$$"), mode, &refuse).ok().as_deref() != Some(text) {
            return Err(format!("{mode:?}: not itself with its dollar signs doubled"));
        }
    }
    Ok(())
}
