//! From a resource that names a template to one that says everything itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

use super::builtin::builtin;
use super::file::{Parameter, TemplateFile, VariantFile, parse, whole};
use super::substitute::Own;
use crate::schema::tree::{Key, Node, Position, Value};
use crate::schema::{Reader, nearest};

/// Where a resource stands.
pub(crate) struct Surroundings<'s> {
    /// The project's slug.
    pub project: &'s str,
    /// The folder of its file, which paths of templates are relative to.
    pub folder: &'s Path,
}

const TEMPLATE: &str = "template";
const VARIANT: &str = "variant";
const GENERATED: &str = "generated";

/// Maps in which what the user writes is added, where everything else is replaced.
const ADDED_TO: &[&str] = &["env", "outputs", "volumes", "mounts", "files", "ports"];

/// Lays its template under a resource; one that names none stays as it is.
pub(crate) fn expand(name: &str, node: &mut Node, at: &Surroundings<'_>, reader: &mut Reader) {
    let Value::Map(written) = &node.value else { return };
    let Some((_, named)) = written.iter().find(|(key, _)| key.text == TEMPLATE) else { return };
    let Some((template, file)) = reader.within(TEMPLATE, |reader| load(named, at, reader)) else { return };
    let Some((_, variant)) = variant(template, &file, written, reader) else { return };
    let Some(mut resource) = variant.resource.clone() else { return };
    place(&mut resource, named.at);
    let Some(parameters) = parameters(&file.parameters, name, written, at, reader) else { return };
    let (parameters, mut generated) = parameters;
    let mut own =
        Own { project: at.project, resource: name, parameters: &parameters, generated: BTreeSet::new() };
    own.substitute(&mut resource);
    generated.append(&mut own.generated);
    let Value::Map(under) = resource.value else { return };
    if !under.iter().chain(written).any(|(key, _)| key.text == "type") {
        let message = format!("the template {template} says no `type` of its resource");
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        reader.report(named.at, problem.hint("write one into its variant, such as `type: docker`"));
        return;
    }
    let is_of_template =
        |key: &Key| key.text == VARIANT || file.parameters.iter().any(|parameter| parameter.name == key.text);
    let over = written.iter().filter(|(key, _)| !is_of_template(key));
    let mut whole = over.cloned().fold(under, laid_over);
    if !generated.is_empty() {
        let names = generated.into_iter().map(|name| Node { value: Value::Text(name), at: named.at });
        let list = Node { value: Value::List(names.collect()), at: named.at };
        whole = laid_over(whole, (Key { text: GENERATED.to_owned(), at: named.at }, list));
    }
    node.value = Value::Map(whole);
}

/// A resource with nothing of its template left to be looked up.
///
/// # Errors
/// What its template does not take.
pub(crate) fn written_out(name: &str, mut node: Node, at: &Surroundings<'_>) -> Result<Node, Vec<Problem>> {
    let mut reader = Reader::new(at.folder);
    expand(name, &mut node, at, &mut reader);
    let problems = reader.into_problems();
    if !problems.is_empty() {
        // A place in a file that says none of this would lead astray.
        let placed = |place: &kinfra_rpc::Place| place.file != at.folder;
        let problems = problems
            .into_iter()
            .map(|problem| Problem { place: problem.place.clone().filter(placed), ..problem });
        return Err(problems.collect());
    }
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|(key, _)| key.text != TEMPLATE);
    }
    Ok(node)
}

/// With its name, as messages have it.
fn load<'t>(named: &'t Node, at: &Surroundings<'_>, reader: &mut Reader) -> Option<(&'t str, TemplateFile)> {
    let Value::Text(name) = &named.value else {
        return reader.unexpected(named, "the name of a template, or the path of its file");
    };
    let (path, text) = if name.starts_with(['.', '/']) {
        let path = at.folder.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => (path, text),
            Err(error) => {
                let message = format!("the template {} can't be read: {error}", path.display());
                reader.report(named.at, Problem::new(ErrorCode::ConfigInvalidValue, message));
                return None;
            }
        }
    } else if let Some((_, text)) = builtin().find(|(known, _)| known == name) {
        (format!("{name}.yaml").into(), text.to_owned())
    } else {
        let message = format!("there is no template `{name}`");
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        let names = || builtin().map(|(name, _)| name);
        reader.report(
            named.at,
            match nearest(name, names()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint(format!(
                    "known: {}; a file of your own is written `./NAME.yaml`",
                    names().collect::<Vec<_>>().join(", ")
                )),
            },
        );
        return None;
    };
    match parse(&path, &text) {
        Ok(file) => Some((name, file)),
        Err(problems) => {
            problems.into_iter().for_each(|problem| reader.report_elsewhere(problem));
            None
        }
    }
}

fn variant<'f>(
    template: &str,
    file: &'f TemplateFile,
    written: &[(Key, Node)],
    reader: &mut Reader,
) -> Option<&'f (String, VariantFile)> {
    let Some((_, asked)) = written.iter().find(|(key, _)| key.text == VARIANT) else {
        return file.variants.first();
    };
    let known = || file.variants.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
    let found = match &asked.value {
        Value::Text(asked) => file.variants.iter().find(|(name, _)| name == asked),
        _ => None,
    };
    if found.is_none() {
        let right = format!("{}, of the template {template}", known());
        reader.within(VARIANT, |reader| reader.unexpected::<()>(asked, &right));
    }
    found
}

type Values = BTreeMap<String, String>;

/// The value of each, and the secrets that their defaults name. None after a problem was reported.
fn parameters(
    declared: &[Parameter],
    name: &str,
    written: &[(Key, Node)],
    at: &Surroundings<'_>,
    reader: &mut Reader,
) -> Option<(Values, BTreeSet<String>)> {
    let none = Values::new();
    let mut own = Own { project: at.project, resource: name, parameters: &none, generated: BTreeSet::new() };
    let mut values = Values::new();
    let mut is_right = true;
    for parameter in declared {
        let value = match written.iter().find(|(key, _)| key.text == parameter.name) {
            None => own.text(&parameter.default),
            Some((_, node)) => match said(parameter, node) {
                Some(value) => value,
                None => {
                    is_right = false;
                    let right = format!("{}: it must match {}", parameter.meaning, parameter.pattern);
                    reader.within(&parameter.name, |reader| reader.unexpected::<()>(node, &right));
                    continue;
                }
            },
        };
        values.insert(parameter.name.clone(), value);
    }
    is_right.then_some((values, own.generated))
}

fn said(parameter: &Parameter, node: &Node) -> Option<String> {
    let text = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::List(_) | Value::Map(_) => return None,
    };
    let is_reference = parameter.is_secret && text.starts_with("${secret:") && text.ends_with('}');
    let fits = is_reference || whole(&parameter.pattern)?.is_match(&text);
    fits.then_some(text)
}

/// What comes of a template is found where the template is named.
fn place(node: &mut Node, at: Position) {
    node.at = at;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| place(item, at)),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.at = at;
                place(value, at);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
}

fn laid_over(mut under: Vec<(Key, Node)>, (key, over): (Key, Node)) -> Vec<(Key, Node)> {
    let Some((_, known)) = under.iter_mut().find(|(known, _)| known.text == key.text) else {
        under.push((key, over));
        return under;
    };
    match (&mut known.value, &over.value) {
        (Value::Map(entries), Value::Map(more)) if ADDED_TO.contains(&key.text.as_str()) => {
            *entries = more.iter().cloned().fold(std::mem::take(entries), laid_over);
        }
        (Value::List(items), Value::List(more)) if key.text == GENERATED => {
            items.extend(more.iter().cloned());
        }
        _ => *known = over,
    }
    under
}
