//! Finds which modules of its own crate a source file names. A small reader, not a parser: it knows comments,
//! paths that begin with `crate::`, and groups in braces.

/// A path `crate::NAME…`, and the line that it begins in.
#[derive(Debug, PartialEq, Eq)]
pub struct CratePath {
    pub name: String,
    pub line: usize,
}

pub fn crate_paths(source: &str) -> Vec<CratePath> {
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (start, root) in code.match_indices("crate::") {
        // `$crate::` in a macro is that of whoever declared it: here, this crate too.
        let before = code[..start].chars().next_back();
        if before.is_some_and(|character| character.is_alphanumeric() || character == '_') {
            continue;
        }
        let line = code[..start].matches('\n').count() + 1;
        let names = first_names(&code[start + root.len()..]);
        found.extend(names.into_iter().map(|name| CratePath { name, line }));
    }
    found
}

/// `store::Claim` gives `store`; `{store::{Claim, Store}, home}` gives `store` and `home`.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()];
    };
    let mut depth = 0;
    let mut names = Vec::new();
    let mut expects_name = true;
    for (place, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects_name = true,
            _ if expects_name && !character.is_whitespace() => {
                names.extend(first_names(&group[place..]));
                expects_name = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn single_paths_and_groups_are_found_with_their_lines() {
    let source = "\
use crate::clock::Clock;
use crate::{
    config::{Run, spec::{A, B}},
    home,
    store::Store,
};
// use crate::comment::Not;
use other_crate::not::This;
fn f() -> crate::error::Error { crate::events::hub() }
";
    let found: Vec<(usize, String)> =
        crate_paths(source).into_iter().map(|path| (path.line, path.name)).collect();
    let found: Vec<(usize, &str)> = found.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(found, [(1, "clock"), (2, "config"), (2, "home"), (2, "store"), (9, "error"), (9, "events")]);
}
