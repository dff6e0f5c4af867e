use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::schema::{Fault, check, resolved};
use crate::clouds::shared::{Call, Request};
use crate::skip;

/// A vendor's description of its API.
pub(crate) struct Document(pub(super) Value);

/// Where `neon.openapi.json` and the others lie.
pub(super) fn path(vendor: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../shared/specs/{vendor}.openapi.json"))
}

/// A machine that doesn't have them can't run it: that is no failure of CI.
pub(super) fn skip_without(test: &str, path: &Path) {
    skip(test, &format!("the vendors' documents are not here: {}", path.display()));
}

impl Document {
    /// None, and said loudly, where it is not there.
    pub(crate) fn of(test: &str, vendor: &str) -> Option<Self> {
        let path = path(vendor);
        let Ok(text) = read_to_string(&path) else {
            skip_without(test, &path);
            return None;
        };
        let document = serde_json::from_str(&text);
        Some(Self(document.unwrap_or_else(|error| panic!("{}: {error}", path.display()))))
    }

    /// Its paths with their operations.
    pub(super) fn paths(&self) -> &Map<String, Value> {
        self.0["paths"].as_object().unwrap()
    }

    /// The path that this call is one of: the one with the fewest parts that may be anything.
    pub(super) fn template(&self, method: &str, path: &str) -> Option<&str> {
        let call = Call::new(method, path, None, "");
        let fits = |template: &&String| call.is(method, &pattern(template));
        let is_there = |template: &&String| !self.operation(method, template).is_null();
        let fitting = self.paths().keys().filter(fits).filter(is_there);
        fitting.min_by_key(|template| template.matches('{').count()).map(String::as_str)
    }

    pub(super) fn operation(&self, method: &str, template: &str) -> &Value {
        &self.0["paths"][template][method.to_lowercase()]
    }

    /// The calls, as `get /path/{template}`, that none of these requests is, nor what those words are in or are.
    pub(super) fn left_out(&self, requests: &[Request], not_played: &[&str]) -> Vec<String> {
        let walked = |request: &Request| {
            let template = self.template(&request.method, &request.path)?;
            Some(format!("{} {template}", request.method.to_lowercase()))
        };
        let walked: BTreeSet<String> = requests.iter().filter_map(walked).collect();
        let is_known = |line: &str| {
            walked.contains(line)
                || not_played
                    .iter()
                    .any(|words| *words == line || (!words.contains(' ') && line.contains(words)))
        };
        let line = |(template, operations): (&String, &Value)| -> Vec<String> {
            let methods = operations.as_object().unwrap().keys().filter(|word| *word != "parameters");
            methods.map(|method| format!("{method} {template}")).collect()
        };
        self.paths().iter().flat_map(line).filter(|line| !is_known(line)).collect()
    }

    /// What is wrong with these requests and answers. What a test has spoiled is not looked at, and a request that was
    /// refused may be wrong.
    pub(crate) fn faults(&self, requests: &[Request]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for request in requests.iter().filter(|request| !request.is_faulty) {
            let Some(status) = request.status else { continue };
            let line = format!("{} {}", request.method, request.path);
            let Some(template) = self.template(&request.method, &request.path) else {
                if status < 400 {
                    faults.push(format!("{line}: there is no such call"));
                }
                continue;
            };
            let operation = self.operation(&request.method, template);
            if status < 400 {
                self.check_query(operation, template, request, &line, &mut faults);
                self.check_body(operation, request, &line, &mut faults);
            }
            self.check_answer(operation, status, &request.answer, &line, &mut faults);
        }
        faults
    }

    fn check_query(
        &self,
        operation: &Value,
        template: &str,
        request: &Request,
        line: &str,
        faults: &mut Vec<Fault>,
    ) {
        let shared = self.0["paths"][template]["parameters"].as_array();
        let own = operation["parameters"].as_array();
        let parameters: Vec<&Value> =
            shared.into_iter().chain(own).flatten().map(|one| resolved(&self.0, one)).collect();
        let named: BTreeSet<&str> = request.query.iter().map(|(name, _)| name.as_str()).collect();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            if parameter["required"] == true && !named.contains(name) {
                faults.push(format!("{line}: the query lacks {name}"));
            }
            for (_, value) in request.query.iter().filter(|(known, _)| known == name) {
                let schema = resolved(&self.0, &parameter["schema"]);
                // Of several, each has the name once more; vendors' own clients put commas between them.
                let is_list = schema["type"] == "array";
                let schema = if is_list { &schema["items"] } else { schema };
                let words = if is_list { value.split(',').collect() } else { vec![value.as_str()] };
                for word in words {
                    check(&self.0, schema, &typed(schema, word), &format!("{line}: ?{name}"), true, faults);
                }
            }
        }
        let known = |name: &&&str| parameters.iter().any(|parameter| parameter["name"] == **name);
        let unknown = named.iter().filter(|name| !known(name));
        faults.extend(unknown.map(|name| format!("{line}: the query has {name}, which nobody knows")));
    }

    fn check_body(&self, operation: &Value, request: &Request, line: &str, faults: &mut Vec<Fault>) {
        let body = resolved(&self.0, &operation["requestBody"]);
        match (&request.body, body.is_null()) {
            (Value::Null, _) if body["required"] == true => faults.push(format!("{line}: it lacks a body")),
            (Value::Null, _) => {}
            (_, true) => faults.push(format!("{line}: it has a body that nobody asks for")),
            (value, false) => {
                let schema = &body["content"]["application/json"]["schema"];
                check(&self.0, schema, value, &format!("{line}: body"), true, faults);
            }
        }
    }

    fn check_answer(
        &self,
        operation: &Value,
        status: u16,
        answer: &Value,
        line: &str,
        faults: &mut Vec<Fault>,
    ) {
        let responses = &operation["responses"];
        let exact = &responses[status.to_string()];
        let response = if exact.is_null() && status >= 400 { &responses["default"] } else { exact };
        if response.is_null() {
            // Refusals that are described nowhere are real all the same.
            if status < 400 {
                faults.push(format!("{line}: it doesn't answer {status}"));
            }
            return;
        }
        let response = resolved(&self.0, response);
        let schema = &response["content"]["application/json"]["schema"];
        match (schema.is_null(), answer) {
            (true, Value::Null) => {}
            (true, _) if status >= 400 => {}
            (true, _) => faults.push(format!("{line}: {status} has no body")),
            (false, answer) => check(&self.0, schema, answer, &format!("{line}: {status}"), true, faults),
        }
    }
}

/// As [`Call::is`] takes it.
fn pattern(template: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "*".to_owned() } else { part.to_owned() };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A word of a query as what its schema says that it is.
fn typed(schema: &Value, word: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(word).unwrap_or_else(|_| word.into()),
        _ => word.into(),
    }
}
