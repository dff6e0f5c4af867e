//! What exists in calls of Python alone is kept as its package keeps it: in a folder for each project, with a `kinfra.yaml`
//! that this package writes and reads. Its form is that of the package (`clients/python`), to the letter.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kinfra_rpc::PortRange;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::draft::{Draft, DraftService, Place};

/// The project of names for which nobody gave another.
pub const DEFAULT_PROJECT: &str = "python";

const MARK: &str =
    "# Written by the Python package kinfra, again and again: what is changed here by hand is lost.";

/// What stands in the place of a server that a program runs by itself.
const STAND_IN: &str = "echo \"This name is that of a server that a program runs by itself, on port $PORT. \
                        KInfra only looks after it.\"; exec sleep 2147483647";

/// The folder of a project, below that of all of them.
#[must_use]
pub fn folder(all: &Path, project: &str) -> PathBuf {
    let lower = project.to_lowercase();
    let words =
        lower.split(|character: char| !(character.is_ascii_lowercase() || character.is_ascii_digit()));
    let label = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let label: String = label.chars().take(60).collect();
    if label == project {
        return all.join(label);
    }
    let digest = Sha256::digest(project.as_bytes());
    let digest: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    all.join(if label.is_empty() { digest } else { format!("{label}-{digest}") })
}

/// In the order in which the package writes them.
#[derive(Serialize)]
struct File<'f> {
    project: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ports: Option<Ports>,
    services: Entries<'f>,
}

#[derive(Serialize)]
struct Ports {
    range: String,
}

struct Entries<'e>(Vec<(&'e str, External)>);

impl Serialize for Entries<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, entry)| (name, entry)))
    }
}

#[derive(Serialize)]
struct External {
    run: &'static str,
    manual: bool,
    port: Value,
    health: Health,
    stop: Stop,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<Value>,
}

#[derive(Serialize)]
struct Health {
    tcp: bool,
    listener: &'static str,
    interval: &'static str,
}

#[derive(Serialize)]
struct Stop {
    grace: &'static str,
}

/// The text of a project's file with all that is known of it, in the place of `before`. None: that has all of it.
///
/// # Errors
/// Why what is there can't be added to.
pub fn text(draft: &Draft, before: Option<&str>) -> Result<Option<String>, String> {
    let known = before.map(known).transpose()?.unwrap_or_default();
    let missing = draft.services.iter().filter(|service| !known.contains_key(&service.name));
    let added = Entries(missing.map(|service| (&*service.name, external(service))).collect());
    if added.0.is_empty() {
        return Ok(None);
    }
    if let Some(before) = before {
        return with(before, &added).map(Some);
    }
    let ports = draft.range.map(|PortRange { first, last }| Ports { range: format!("{first}-{last}") });
    let file = File { project: &draft.name, ports, services: added };
    let body = serde_json::to_string_pretty(&file).map_err(|error| error.to_string())?;
    Ok(Some(format!("{MARK}\n{body}\n")))
}

fn external(service: &DraftService) -> External {
    let places: Vec<String> = service.places.iter().map(Place::shown).collect();
    External {
        run: STAND_IN,
        manual: true,
        port: service.port.map_or_else(|| json!("auto"), |port| json!([port])),
        health: Health { tcp: true, listener: "any", interval: "2s" },
        stop: Stop { grace: "2s" },
        public: (!places.is_empty()).then(|| json!({ "host": places, "when_stopped": "withdraw" })),
    }
}

/// The services and resources, which share their names, of what the package, or an earlier migration, wrote.
fn known(text: &str) -> Result<Map<String, Value>, String> {
    let body = text.split_once('\n').filter(|(mark, _)| *mark == MARK).map(|(_, body)| body);
    let body = body.ok_or("its kinfra.yaml was not written by the Python package, and is left alone")?;
    let value: Value =
        serde_json::from_str(body).map_err(|error| format!("its kinfra.yaml can't be read: {error}"))?;
    let services = value.get("services").and_then(Value::as_object).cloned();
    let mut known = services.ok_or_else(|| "its kinfra.yaml has no `services`".to_owned())?;
    known.extend(value.get("resources").and_then(Value::as_object).cloned().unwrap_or_default());
    Ok(known)
}

/// Entries more at the end of its services, which are what the package writes last. All else stays, byte by byte.
fn with(before: &str, added: &Entries<'_>) -> Result<String, String> {
    const END: &str = "\n  }\n}\n";
    let begun = match (before.strip_suffix(END), before.strip_suffix("\"services\": {}\n}\n")) {
        (Some(begun), _) => format!("{begun},"),
        (None, Some(begun)) => format!("{begun}\"services\": {{"),
        (None, None) => return Err("its kinfra.yaml is not as the Python package leaves it".to_owned()),
    };
    let entries = serde_json::to_string_pretty(added).map_err(|error| error.to_string())?;
    let inner = entries.strip_prefix('{').and_then(|entries| entries.strip_suffix("\n}")).unwrap_or_default();
    Ok(format!("{begun}{}{END}", inner.replace('\n', "\n  ")))
}

/// Whether there is nothing in a project of Python's any more.
#[must_use]
pub fn is_empty(text: &str) -> bool {
    known(text).is_ok_and(|entries| entries.is_empty())
}

/// The text without some of its services, which are those of other projects now. All else stays, byte by byte.
///
/// # Errors
/// Why they can't be taken out.
pub fn without(before: &str, names: &BTreeSet<String>) -> Result<String, String> {
    let entries = known(before)?;
    let is_left = |name: &&String| !names.contains(*name);
    if let Some((name, needed)) =
        entries.iter().filter(|(name, _)| is_left(name)).find_map(|(name, entry)| {
            let needed = entry.get("depends_on")?.as_array()?.iter().filter_map(Value::as_str);
            Some((name, needed.into_iter().find(|needed| names.contains(*needed))?))
        })
    {
        return Err(format!("{name} depends on {needed} there"));
    }
    let odd = || "its kinfra.yaml is not as the Python package leaves it".to_owned();
    let Some((head, list)) = before.split_once("\n  \"services\": {\n") else {
        // None is there, so none of these is.
        return Ok(before.to_owned());
    };
    let list = list.strip_suffix("\n  }\n}\n").ok_or_else(odd)?;
    let mut kept: Vec<String> = vec![];
    let mut is_kept = true;
    for line in list.lines() {
        // Each entry begins with its name, four spaces in; what is within is further in, and so is its end but for `}`.
        if let Some(begun) = line.strip_prefix("    \"") {
            let quoted = format!("\"{begun}");
            let mut words = serde_json::Deserializer::from_str(&quoted).into_iter::<String>();
            let name = words.next().and_then(Result::ok).ok_or_else(odd)?;
            is_kept = !names.contains(&name);
        }
        if is_kept {
            kept.push(line.to_owned());
        }
    }
    if let Some(last) = kept.last_mut() {
        last.truncate(last.trim_end_matches(',').len());
    }
    let after = match kept.is_empty() {
        true => format!("{head}\n  \"services\": {{}}\n}}\n"),
        false => format!("{head}\n  \"services\": {{\n{}\n  }}\n}}\n", kept.join("\n")),
    };
    // Whatever a person wrote in there: what is written is what is meant, or nothing is.
    let mut expected = entries;
    names.iter().for_each(|name| drop(expected.remove(name)));
    if known(&after).as_ref() != Ok(&expected) {
        return Err(odd());
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, parse};

    #[test]
    fn a_projects_folder_is_where_the_python_package_has_it() {
        let name =
            |project| folder(Path::new("/all"), project).file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(name("python"), "python");
        // As the package's own function gives them.
        assert_eq!(name("atoms_mcp"), "atoms-mcp-b551f533");
        assert_eq!(name("???"), "a03b221c");
    }

    #[test]
    fn what_is_written_is_what_the_package_writes_and_a_configuration() {
        let service = |name: &str, port| DraftService { name: name.into(), port, ..DraftService::default() };
        let services = vec![service("api", Some(8_001)), service("web \"2\"", None)];
        let draft = Draft { services, ..Draft::generated("python") };
        let first = text(&draft, None).unwrap().unwrap();
        insta::assert_snapshot!(first);
        parse("/all/python/kinfra.yaml".as_ref(), &first, Format::Yaml).unwrap();
        assert_eq!(text(&draft, Some(&first)), Ok(None));
        let more = Draft { services: vec![service("jobs", Some(8_002))], ..draft.clone() };
        let second = text(&more, Some(&first)).unwrap().unwrap();
        assert!(second.starts_with(first.strip_suffix("\n  }\n}\n").unwrap()));
        let services = [draft.services.clone(), more.services.clone()].concat();
        let at_once = Draft { services, ..Draft::generated("python") };
        assert_eq!(text(&at_once, None).unwrap().unwrap(), second);
        // As the package leaves a project whose names are all gone.
        let emptied =
            format!("{MARK}\n{{\n  \"project\": \"python\",\n  \"parallel\": 1,\n  \"services\": {{}}\n}}\n");
        let filled = text(&more, Some(&emptied)).unwrap().unwrap();
        let spec = parse("/all/python/kinfra.yaml".as_ref(), &filled, Format::Yaml).unwrap();
        assert_eq!((spec.services.len(), filled.contains("\"parallel\": 1")), (1, true));
        let spec = parse("/all/python/kinfra.yaml".as_ref(), &second, Format::Yaml).unwrap();
        assert_eq!(spec.services.len(), 3);
        // And without some of them again, as if those had never been there.
        let less = |text: &str, names: &[&str]| {
            without(text, &names.iter().map(|name| (*name).to_owned()).collect())
        };
        assert_eq!(less(&second, &["jobs"]), Ok(first.clone()));
        assert_eq!(less(&second, &["nothing"]), Ok(second.clone()));
        let nothing = less(&second, &["api", "jobs", "web \"2\""]).unwrap();
        assert!(is_empty(&nothing) && !is_empty(&first), "{nothing}");
        let rest = less(&second, &["api", "web \"2\""]).unwrap();
        assert_eq!(rest, text(&more, None).unwrap().unwrap());
        let needed = second.replace("\"manual\": true", "\"depends_on\": [\n        \"api\"\n      ]");
        assert_eq!(less(&needed, &["api"]), Err("jobs depends on api there".to_owned()));
        assert!(less("services: {}", &["api"]).is_err());
        // A name that is a resource's by now is known.
        let resources =
            "\"resources\": {\n    \"jobs\": {\n      \"type\": \"docker\"\n    }\n  },\n  \"services\"";
        let with_resource = first.replace("\"services\"", resources);
        assert_eq!(text(&more, Some(&with_resource)), Ok(None));
        let emptied = less(&with_resource, &["api", "web \"2\""]).unwrap();
        assert!(!is_empty(&emptied));
        assert!(emptied.ends_with("  },\n  \"services\": {}\n}\n"), "{emptied}");
        assert!(text(&more, Some("services: {}")).is_err());
        assert!(text(&more, Some(&first[..first.len() / 2])).is_err());
    }
}
