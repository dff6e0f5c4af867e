use kinfra_rpc::{ErrorCode, Problem};

use super::Reference;
use crate::config::secrets::secret_name_fault;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `env` and every setting but a command: KInfra is the only reader.
    Setting,
    /// A command: what isn't KInfra's is left to the shell.
    Run,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum Segment<'t> {
    Literal(&'t str),
    Reference(Reference),
}

/// Takes a text apart. Each reference that isn't well formed is one error; the rest of the text goes on after it.
pub(in crate::config) fn segments(
    text: &str,
    mode: Mode,
) -> impl Iterator<Item = Result<Segment<'_>, Problem>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (segment, length) = next(rest, mode);
        rest = &rest[length..];
        Some(segment)
    })
}

/// The first segment of a text that isn't empty, and how many of its bytes it takes: at least one.
fn next(text: &str, mode: Mode) -> (Result<Segment<'_>, Problem>, usize) {
    if text.starts_with("$$") {
        return (Ok(Segment::Literal("$")), 2);
    }
    if let Some(after) = text.strip_prefix("${") {
        match after.find('}') {
            Some(end) => {
                let whole = end + 3;
                match braced(&after[..end], mode) {
                    Some(Ok(reference)) => return (Ok(Segment::Reference(reference)), whole),
                    Some(Err(problem)) => return (Err(problem), whole),
                    None => {}
                }
            }
            None if mode == Mode::Setting => return (Err(unclosed(text)), text.len()),
            None => {}
        }
    }
    // A dollar sign that begins nothing of ours is a character like any other.
    let skipped = usize::from(text.starts_with('$'));
    let length = text[skipped..].find('$').map_or(text.len(), |at| at + skipped);
    (Ok(Segment::Literal(&text[..length])), length)
}

/// None: left to the shell.
fn braced(inner: &str, mode: Mode) -> Option<Result<Reference, Problem>> {
    if let Some(own) = Reference::parse(inner) {
        return Some(own);
    }
    match mode {
        Mode::Run => None,
        Mode::Setting if is_variable(inner) => Some(Ok(Reference::Environment(inner.to_owned()))),
        Mode::Setting if inner.starts_with("secret:") => Some(Err(no_secret(inner))),
        Mode::Setting => {
            let message = format!("`${{{inner}}}` refers to nothing that KInfra knows");
            let hint = "known: `${services.NAME.url}`, `${secret:NAME}`, `${project.name}`, `${instance.slug}` \
                        and `${VARIABLE}`; a dollar sign itself is written `$$`";
            Some(Err(Problem::new(ErrorCode::ConfigUnknownReference, message).hint(hint)))
        }
    }
}

fn no_secret(inner: &str) -> Problem {
    let name = inner.trim_start_matches("secret:");
    let fault = secret_name_fault(name).unwrap_or("it is none");
    let message = format!("`${{{inner}}}` names no secret: {fault}");
    Problem::new(ErrorCode::ConfigUnknownReference, message)
        .hint("write a name such as `${secret:shop/database}`; a dollar sign itself is written `$$`")
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn unclosed(text: &str) -> Problem {
    let shown: String = text.lines().next().unwrap_or_default().chars().take(30).collect();
    let message = format!("`{shown}` has no closing `}}`");
    Problem::new(ErrorCode::ConfigUnknownReference, message).hint("a dollar sign itself is written `$$`")
}
