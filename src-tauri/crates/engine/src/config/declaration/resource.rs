//! A resource: the keys that all of them have, and those of its type.

use std::collections::BTreeMap;
use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Value as Json, json};

use super::{LogsFile, ProxyFile, ServiceFile, StopFile};
use crate::config::settings::NamedPorts;
use crate::config::spec::ServiceType;
use crate::resource_manager::{ResourceType, Settings, type_named, types};
use crate::schema::tree::{Key, Node, Value};
use crate::schema::{
    Entries, Fields, OneOrMany, Placed, Reader, Scalar, Shape, Words, describe, nearest, read,
};

/// What is said of a resource beside what a service could say as well.
#[derive(Debug)]
pub(in crate::config) struct ResourceFile {
    pub kind: &'static str,
    pub template: Option<String>,
    pub settings: Arc<dyn Settings>,
    /// The keys of its type as they are written, each in a line.
    pub written: Vec<(String, String)>,
    pub outputs: Entries<Placed<Scalar>>,
    /// Secrets that are made up when somebody needs them first.
    pub generated: Vec<Placed<String>>,
    /// Of the stop: its type's own way unless it says one.
    pub has_signal: bool,
}

/// The value of one resource's name.
pub(in crate::config) struct ResourceEntry(pub ServiceFile);

const MEANING: &str = "Something that the project's services need and that is not of its own making.";

/// What other tools call the common keys.
const ELSEWHERE: &[(&str, &str)] = &[
    ("environment", "env"),
    ("healthcheck", "health"),
    ("health_check", "health"),
    ("port", "ports"),
    ("profile", "profiles"),
    ("stop_grace_period", "stop"),
    ("container_name", "type"),
    ("restart_policy", "restart"),
];

impl Shape for ResourceEntry {
    fn schema() -> Json {
        let one = |kind: &ResourceType| {
            let mut schema = describe(kind.meaning, |fields| {
                fields.required::<String>("type", kind.meaning, kind.name);
                common(fields);
                (kind.declare)(fields);
            });
            schema["properties"]["type"]["const"] = json!(kind.name);
            schema
        };
        // What else may stand beside a template is the template's to say.
        let of_template = json!({
            "type": "object",
            "description": "A preset: `kinfra templates` lists them with their parameters. All keys of its type may be written as well.",
            "properties": { "template": { "type": "string" }, "variant": { "type": "string" } },
            "required": ["template"],
        });
        let all: Vec<_> = [of_template].into_iter().chain(types().iter().map(one)).collect();
        json!({ "description": MEANING, "anyOf": all })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            return reader.unexpected(node, "a map of settings with a `type` or a `template`");
        };
        let kind = kind(node, entries, reader)?;
        let settings = |fields: &mut Fields<'_>| {
            fields.optional::<String>("type", "");
            fields.optional::<String>("template", "");
            let (service, own) = common(fields);
            (service, own, (kind.declare)(fields))
        };
        let (mut service, own, settings) = read(node, reader, ELSEWHERE, settings)?;
        let ports = settings.ports();
        if !ports.is_empty() {
            let port = |port: crate::resource_manager::PortDeclared| {
                let key = Key { text: port.name, at: port.at };
                (key, Some(Placed { value: port.setting, at: port.at }))
            };
            let ports = NamedPorts(Entries(ports.into_iter().map(port).collect()));
            service.ports = Some(Placed { value: ports, at: node.at });
        }
        if let Some(run) = settings.process() {
            service.run = Some(Placed { value: run.clone(), at: node.at });
        }
        let (outputs, generated) = own;
        let has_signal = has_signal(entries);
        let template = text_of(entries, "template");
        let written =
            entries.iter().filter(|(key, _)| !COMMON.contains(&key.text.as_str())).map(written).collect();
        service.resource = Some(ResourceFile {
            kind: kind.name,
            template,
            settings,
            written,
            outputs,
            generated,
            has_signal,
        });
        Some(Self(service))
    }
}

/// The keys of which a service knows what became of them.
const COMMON: &[&str] = &[
    "type",
    "template",
    "env",
    "env_file",
    "dir",
    "secret_files",
    "depends_on",
    "profiles",
    "manual",
    "health",
    "restart",
    "stop",
    "logs",
    "outputs",
    "generated",
    "domains",
    "public",
    "proxy",
];

type Own = (Entries<Placed<Scalar>>, Vec<Placed<String>>);

fn common(fields: &mut Fields<'_>) -> (ServiceFile, Own) {
    let service = ServiceFile {
        kind: Words(ServiceType::Resource),
        replicas: None,
        run: None,
        dir: fields.optional("dir", "The folder that its commands run in, relative to the file's."),
        env: fields.optional("env", "Variables for it; values may hold `${…}`.").unwrap_or_default(),
        env_files: fields
            .optional("env_file", "Files of `KEY=VALUE` lines, relative to the file; `env` wins over them.")
            .map_or_else(Vec::new, |OneOrMany(files)| files),
        secret_files: fields
            .optional("secret_files", "Secrets that its commands read from files, by variable.")
            .unwrap_or_default(),
        port: None,
        ports: None,
        route: None,
        domains: fields
            .optional("domains", "Local host names of its port named `http`.")
            .map_or_else(Vec::new, |OneOrMany(domains)| domains),
        public: fields
            .optional("public", "Where visitors from outside find its port named `http`, as of a service.")
            .map_or_else(Vec::new, |OneOrMany(places)| places),
        proxy: fields.optional::<Placed<ProxyFile>>("proxy", "How the proxy hands requests on to its port named `http`."),
        depends_on: fields.optional("depends_on", "What must be up before this starts.").unwrap_or_default(),
        profiles: fields
            .optional("profiles", "It is started with the project only when one of these profiles is asked for.")
            .map_or_else(Vec::new, |OneOrMany(profiles)| profiles),
        manual: fields.or("manual", "It is started only when it is named, or when something needs it.", false),
        health: fields.optional(
            "health",
            "How to see that it is ready. Default: what it says of itself, else that its port answers.",
        ),
        restart: fields.optional(
            "restart",
            "When to start it again after it ended: a policy, or a map. Default: `on-failure`, or what suits its type.",
        ),
        stop: fields.optional::<StopFile>("stop", "How to end it.").unwrap_or_else(Fields::defaults),
        watch: None,
        on_change: None,
        logs: fields
            .optional::<LogsFile>("logs", "How much is kept of what it prints.")
            .unwrap_or_else(Fields::defaults),
        mcp: None,
        resource: None,
    };
    let outputs = fields
        .optional(
            "outputs",
            "What it offers to others, as `${resources.NAME.OUTPUT}`, by name. `host`, `port` and `url` are there anyway.",
        )
        .unwrap_or_default();
    let generated = fields
        .optional(
            "generated",
            "Secrets that KInfra makes up and keeps in the keyring when they are needed first.",
        )
        .map_or_else(Vec::new, |OneOrMany(names)| names);
    (service, (outputs, generated))
}

/// None after a problem was reported.
fn kind(node: &Node, entries: &[(Key, Node)], reader: &mut Reader) -> Option<&'static ResourceType> {
    let names = || types().iter().map(|known| known.name);
    let known = || names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let Some((_, named)) = entries.iter().find(|(key, _)| key.text == "type") else {
        // One that could be laid under it has a type: what is wrong was reported.
        if entries.iter().any(|(key, _)| key.text == "template") {
            return None;
        }
        let message = format!("`{}` has neither a `type` nor a `template`", reader.path());
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        let hint = format!("write `template: postgres` or the like, or a type: {}", known());
        reader.report(node.at, problem.hint(hint));
        return None;
    };
    let Value::Text(name) = &named.value else {
        return reader.within("type", |reader| reader.unexpected(named, &format!("one of {}", known())));
    };
    let found = type_named(name);
    if found.is_none() {
        let problem = reader.within("type", |reader| reader.mismatch(named, &format!("one of {}", known())));
        reader.report(
            named.at,
            match nearest(name, names()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem,
            },
        );
    }
    found
}

fn text_of(entries: &[(Key, Node)], name: &str) -> Option<String> {
    entries.iter().find_map(|(key, node)| match &node.value {
        Value::Text(text) if key.text == name => Some(text.clone()),
        _ => None,
    })
}

fn has_signal(entries: &[(Key, Node)]) -> bool {
    let stop = entries.iter().find(|(key, _)| key.text == "stop");
    stop.is_some_and(|(_, stop)| match &stop.value {
        Value::Map(entries) => entries.iter().any(|(key, _)| key.text == "signal"),
        _ => false,
    })
}

fn written((key, node): &(Key, Node)) -> (String, String) {
    (key.text.clone(), line(node))
}

/// What a value says, in one line, the same for the same meaning.
fn line(node: &Node) -> String {
    match &node.value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.text.clone(),
        Value::Text(text) => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            // Which of two keys comes first says nothing.
            let sorted: BTreeMap<&str, String> =
                entries.iter().map(|(key, node)| (key.text.as_str(), line(node))).collect();
            let entries = sorted.into_iter().map(|(key, value)| format!("{key}: {value}"));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
