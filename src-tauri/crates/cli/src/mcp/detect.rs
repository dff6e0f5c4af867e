//! In which of a server's places a program runs, from its environment.

use kinfra_rpc::McpDetection;

use crate::arguments::McpEnvironment;
use crate::surroundings::Environment;

/// What platforms say of a deployment's host.
const HOSTS: [&str; 2] = ["VERCEL_URL", "RENDER_EXTERNAL_HOSTNAME"];

/// The place, and the variable that says so; none where nothing does, which means this machine.
pub fn detect(environment: &Environment, settings: &McpDetection) -> (McpEnvironment, Option<String>) {
    let value = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let by = |name: &str, place| (place, Some(name.to_owned()));
    if let Some(place) = value("DEPLOY_ENV").and_then(named) {
        return by("DEPLOY_ENV", place);
    }
    // A test on this machine has the platform's variables too, where they were loaded from it.
    let is_set = |name: &&String| value(name).is_some_and(|value| !matches!(value, "0" | "false" | "no"));
    if let Some(name) = settings.local.iter().find(is_set) {
        return by(name, McpEnvironment::Local);
    }
    if let Some(place) = value("VERCEL_ENV").and_then(named) {
        return by("VERCEL_ENV", place);
    }
    if value("RENDER").is_some() {
        let is_main = matches!(value("RENDER_GIT_BRANCH"), Some("main" | "master"));
        let place = if is_main { McpEnvironment::Production } else { McpEnvironment::Development };
        return by("RENDER_GIT_BRANCH", place);
    }
    let hosts = HOSTS.iter().filter_map(|name| Some((name, value(name)?)));
    for (name, host) in hosts {
        if let Some(place) = of_host(host, settings) {
            return by(name, place);
        }
    }
    (McpEnvironment::Local, None)
}

fn named(word: &str) -> Option<McpEnvironment> {
    Some(match word.to_ascii_lowercase().as_str() {
        "production" | "prod" => McpEnvironment::Production,
        "development" | "dev" | "preview" | "staging" => McpEnvironment::Development,
        "local" => McpEnvironment::Local,
        _ => return None,
    })
}

/// By the longest part that fits: `preview.vercel.app` is not what `vercel.app` alone means.
fn of_host(host: &str, settings: &McpDetection) -> Option<McpEnvironment> {
    let host = host.to_ascii_lowercase();
    let production = settings.production_hosts.iter().map(|part| (part, McpEnvironment::Production));
    let development = settings.development_hosts.iter().map(|part| (part, McpEnvironment::Development));
    let fitting = production.chain(development).filter(|(part, _)| host.contains(&part.to_ascii_lowercase()));
    fitting.max_by_key(|(part, _)| part.len()).map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_where_a_program_runs() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let settings = McpDetection {
            local: texts(&["API_LOCAL_TEST"]),
            production_hosts: texts(&["vercel.app", "mcp.example.com"]),
            development_hosts: texts(&["preview.vercel.app"]),
        };
        let told = |variables: &[(&str, &str)]| {
            let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let (place, by) = detect(&pairs.collect(), &settings);
            format!("{place:?} {}", by.as_deref().unwrap_or("–"))
        };
        let cases: [&[(&str, &str)]; 12] = [
            &[],
            &[("DEPLOY_ENV", "prod"), ("API_LOCAL_TEST", "1")],
            &[("DEPLOY_ENV", "elsewhere"), ("VERCEL_ENV", "preview")],
            &[("VERCEL_ENV", "production"), ("API_LOCAL_TEST", "true")],
            &[("VERCEL_ENV", "production"), ("API_LOCAL_TEST", "false")],
            &[("VERCEL_ENV", "")],
            &[("RENDER", "true"), ("RENDER_GIT_BRANCH", "main")],
            &[("RENDER", "true"), ("RENDER_GIT_BRANCH", "fix")],
            &[("VERCEL_URL", "api.preview.vercel.app")],
            &[("VERCEL_URL", "api.Vercel.app")],
            &[("RENDER_EXTERNAL_HOSTNAME", "mcp.example.com")],
            &[("VERCEL_URL", "elsewhere.example")],
        ];
        insta::assert_snapshot!(cases.map(told).join("\n"), @"
        Local –
        Production DEPLOY_ENV
        Development VERCEL_ENV
        Local API_LOCAL_TEST
        Production VERCEL_ENV
        Local –
        Production RENDER_GIT_BRANCH
        Development RENDER_GIT_BRANCH
        Development VERCEL_URL
        Production VERCEL_URL
        Production RENDER_EXTERNAL_HOSTNAME
        Local –
        ");
    }
}
