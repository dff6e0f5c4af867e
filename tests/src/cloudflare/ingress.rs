//! The rules by which cloudflared finds an origin: what is valid, and which rule a request meets. The API refuses with
//! the same code that cloudflared does, so both stand-ins have it from here.

use regex::Regex;
use serde_json::{Value, json};

use super::ingress_service::Service;

/// Rules of which the last one meets everything.
#[derive(Debug)]
pub struct Ingress {
    pub rules: Vec<Rule>,
}

#[derive(Debug)]
pub struct Rule {
    pub hostname: String,
    pub path: Option<Regex>,
    pub service: Service,
    /// As it was written.
    pub service_text: String,
    /// That of the rule over that of all.
    pub origin_request: Value,
}

impl Ingress {
    /// Of a configuration with `ingress` and, for all of its rules, `originRequest`.
    ///
    /// # Errors
    /// What cloudflared says of the first fault.
    pub fn read(configuration: &Value) -> Result<Self, String> {
        let rules = configuration["ingress"].as_array().filter(|rules| !rules.is_empty());
        let rules = rules.ok_or("The config file doesn't contain any ingress rules")?;
        let read = |(index, rule)| Rule::read(rule, index, rules.len(), &configuration["originRequest"]);
        Ok(Self { rules: rules.iter().enumerate().map(read).collect::<Result<_, String>>()? })
    }

    /// The number of the first rule that a request meets, from 0, and the rule.
    #[must_use]
    pub fn find(&self, host: &str, path: &str) -> Option<(usize, &Rule)> {
        let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let met = self.rules.iter().position(|rule| rule.meets(host, path));
        let number = met.or_else(|| self.rules.len().checked_sub(1))?;
        Some((number, &self.rules[number]))
    }
}

impl Rule {
    fn read(rule: &Value, index: usize, count: usize, of_all: &Value) -> Result<Self, String> {
        let text = |field: &str| rule[field].as_str().unwrap_or_default();
        let (hostname, path, service_text) = (text("hostname"), text("path"), text("service"));
        let service = Service::read(service_text)?;
        if hostname.contains(':') {
            return Err("Hostname cannot contain a port".to_owned());
        }
        let stars = hostname.matches('*').count();
        if stars > 1 || (stars == 1 && hostname != "*" && !hostname.starts_with("*.")) {
            return Err("Hostname patterns can have at most one wildcard character (\"*\") and it can only be used for \
                 subdomains, e.g. \"*.example.com\""
                .to_owned());
        }
        let meets_all = matches!(hostname, "" | "*") && path.is_empty();
        let is_last = index + 1 == count;
        if is_last && !meets_all {
            return Err("The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)"
                .to_owned());
        }
        if meets_all && !is_last {
            return Err(format!(
                "Rule #{} is matching the hostname '{hostname}', but this will match every hostname, meaning the \
                 rules which follow it will never be triggered.",
                index + 1
            ));
        }
        let compiled = (!path.is_empty()).then(|| Regex::new(path)).transpose();
        let path = compiled
            .map_err(|error| format!("Rule #{} has an invalid regex: {}", index + 1, reason(path, &error)))?;
        let mut origin_request = if of_all.is_object() { of_all.clone() } else { json!({}) };
        for (key, value) in rule["originRequest"].as_object().into_iter().flatten() {
            origin_request[key] = value.clone();
        }
        Ok(Self {
            hostname: hostname.to_owned(),
            path,
            service,
            service_text: service_text.to_owned(),
            origin_request,
        })
    }

    /// Upper and lower case are different, as they are to cloudflared.
    fn meets(&self, host: &str, path: &str) -> bool {
        let by_host = match self.hostname.as_str() {
            "" | "*" => true,
            pattern => match pattern.strip_prefix('*') {
                Some(end) => host.ends_with(end),
                None => pattern == host,
            },
        };
        by_host && self.path.as_ref().is_none_or(|regex| regex.is_match(path))
    }
}

/// As Go says it, for what is most common.
fn reason(path: &str, error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    let what = if last.contains("unclosed group") { "missing closing )" } else { last };
    format!("error parsing regexp: {what}: `{path}`")
}
