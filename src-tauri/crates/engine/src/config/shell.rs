//! What `/bin/sh -c` is given for a `run` that is a text.

use kinfra_rpc::Problem;

use super::references::{Mode, Reference, expand};
use crate::schema::Run;

impl Run {
    /// The program to execute and its arguments, with every reference replaced by what `lookup` says.
    ///
    /// # Errors
    /// The first reference that `lookup` refuses.
    pub fn resolve(
        &self,
        lookup: &dyn Fn(&Reference) -> Result<String, Problem>,
    ) -> Result<Vec<String>, Problem> {
        match self {
            Self::Program(words) => words.iter().map(|word| expand(word, Mode::Run, lookup)).collect(),
            Self::Shell(text) => {
                let line = shell_line(&expand(text, Mode::Run, lookup)?);
                Ok(vec!["/bin/sh".into(), "-c".into(), line])
            }
        }
    }
}

/// The line for `/bin/sh -c`: with `exec` before it when it is one simple command, so that the program takes the
/// shell's place and its pid is the one that KInfra knows. In any doubt the text stays as it is: the shell then
/// waits for its child, which costs a process and nothing else.
#[must_use]
pub fn shell_line(text: &str) -> String {
    let text = text.trim();
    if is_one_simple_command(text) { format!("exec {text}") } else { text.to_owned() }
}

/// Words that `exec` can't take the same way: reserved words and builtins of POSIX (Shell Command Language 2.4,
/// 2.14; XBD 1.6), and those that dash and bash add. Some exist as programs too, with other behaviour.
const NOT_PROGRAMS: &[&str] = &[
    "!",
    "[",
    ".",
    ":",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "chdir",
    "command",
    "compgen",
    "complete",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "echo",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "in",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "newgrp",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "then",
    "time",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
];

fn is_one_simple_command(text: &str) -> bool {
    let program = text.split([' ', '\t']).next().unwrap_or_default();
    let plain = |c: char| c.is_alphanumeric() || "_./-+@~,".contains(c);
    // Assignments, quotes, expansions and redirections before the program hold a character that isn't plain.
    !program.is_empty()
        && program.chars().all(plain)
        && !program.starts_with('-')
        && !NOT_PROGRAMS.contains(&program)
        && is_one_list_of_words(text)
}

/// No operator but redirections, and nothing nested that would need a real parser to skip.
fn is_one_list_of_words(text: &str) -> bool {
    let mut characters = text.chars().peekable();
    let mut quote = None;
    // The last character that wasn't quoted, for the two-letter operators and for where a comment can begin.
    let mut previous = ' ';
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match (quote, character) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => {}
            // A backslash takes the next character along, inside double quotes as well.
            (_, '\\') => {
                if characters.next().is_none() {
                    return false;
                }
                previous = '\\';
                continue;
            }
            (_, '`') => return false,
            (_, '$') if matches!(next, Some('(' | '{' | '\'' | '"')) => {
                if !skip_variable(&mut characters) {
                    return false;
                }
            }
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, ';' | '|' | '(' | ')' | '\n' | '\r') => return false,
            (None, '&') if !matches!(previous, '<' | '>') => return false,
            (None, '<') if next == Some('<') => return false,
            (None, '#') if previous.is_whitespace() => return false,
            (None, _) => {}
        }
        previous = character;
    }
    quote.is_none()
}

/// Goes past the `{NAME}` after a dollar sign. False for anything else, such as `${NAME:-"a;b"}` and `$(…)`.
fn skip_variable(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    if characters.next() != Some('{') {
        return false;
    }
    for character in characters.by_ref() {
        match character {
            '}' => return true,
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => {}
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests;
