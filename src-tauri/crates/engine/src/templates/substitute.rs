//! What stands for the template's own in its texts.

use std::collections::{BTreeMap, BTreeSet};

use super::secret_name::secret_name;
use crate::schema::tree::{Node, Value};

/// What a template's texts refer to.
pub(super) struct Own<'o> {
    /// The project's slug.
    pub project: &'o str,
    /// The resource's name.
    pub resource: &'o str,
    pub parameters: &'o BTreeMap<String, String>,
    /// The secrets that were named on the way, to be made up.
    pub generated: BTreeSet<String>,
}

impl Own<'_> {
    /// `${parameter.NAME}` is its value, `${self.generated.NAME}` a secret that is made up, `${self.name}` the resource's
    /// name, and `${self.…}` what it offers. All else stays.
    pub fn substitute(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Text(text) => *text = self.text(text),
            Value::List(items) => items.iter_mut().for_each(|item| self.substitute(item)),
            Value::Map(entries) => entries.iter_mut().for_each(|(_, value)| self.substitute(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(begin) = rest.find("${") {
            out.push_str(&rest[..begin]);
            let after = &rest[begin + 2..];
            let Some(end) = after.find('}') else { break };
            match self.reference(&after[..end]) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&rest[begin..begin + end + 3]),
            }
            rest = &after[end + 1..];
        }
        out.push_str(rest);
        out
    }

    fn reference(&mut self, inner: &str) -> Option<String> {
        if let Some(name) = inner.strip_prefix("parameter.") {
            return self.parameters.get(name).cloned();
        }
        if let Some(secret) = inner.strip_prefix("self.generated.") {
            let name = secret_name(self.project, self.resource, secret);
            let reference = format!("${{secret:{name}}}");
            self.generated.insert(name);
            return Some(reference);
        }
        let attribute = inner.strip_prefix("self.")?;
        if attribute == "name" {
            return Some(self.resource.to_owned());
        }
        Some(format!("${{resources.{}.{attribute}}}", self.resource))
    }
}
