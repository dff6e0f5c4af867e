use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::Document;
use crate::clouds::shared::Call;
use crate::clouds::{FakeCloud, Supabase, Vendor};

/// What the stand-in doesn't play.
const NOT_PLAYED: [&str; 6] = [
    "post /v1/organizations",
    "post /v1/projects",
    "delete /v1/projects/{ref}",
    "patch /v1/projects/{ref}",
    "post /v1/projects/{ref}/api-keys",
    "patch /v1/projects/{ref}/config/database/pooler",
];

#[test]
fn everything_that_supabase_takes_and_answers_here_is_as_its_document_says() {
    let test = "everything_that_supabase_takes_and_answers_here_is_as_its_document_says";
    let Some(document) = Document::of(test, Supabase::NAME) else { return };
    let cloud = FakeCloud::<Supabase>::start();
    walk(&cloud);
    let state = cloud.state();
    let requests = state.requests.all();
    assert_eq!(document.faults(requests), Vec::<String>::new());
    assert_eq!(document.left_out(requests, &NOT_PLAYED), Vec::<String>::new());
}

#[test]
fn each_call_of_supabase_needs_the_permission_that_its_document_names() {
    let test = "each_call_of_supabase_needs_the_permission_that_its_document_names";
    let Some(document) = Document::of(test, Supabase::NAME) else { return };
    for (template, operations) in document.paths() {
        for (method, operation) in operations.as_object().unwrap() {
            let line = format!("{method} {template}");
            if NOT_PLAYED.contains(&line.as_str()) {
                continue;
            }
            let named: BTreeSet<&str> = operation["security"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|way| way["fga_permissions"][0].as_str())
                .collect();
            let call = Call::new(&method.to_uppercase(), template, None, "");
            assert_eq!(Supabase::needs(&call).iter().copied().collect::<BTreeSet<_>>(), named, "{line}");
        }
    }
}

fn ask(cloud: &FakeCloud<Supabase>, method: &str, path: &str, body: &Value) -> Value {
    let reply = cloud.ask(method, path, body);
    if reply.body.is_empty() { Value::Null } else { reply.value() }
}

/// Each call that there is, some in several ways, refusals among them.
fn walk(cloud: &FakeCloud<Supabase>) {
    let get = |path: &str| ask(cloud, "GET", path, &Value::Null);
    let post = |path: &str, body: &Value| ask(cloud, "POST", path, body);
    let later = || cloud.advance(Duration::from_secs(120));
    get("/v1/organizations");
    let projects = get("/v1/projects");
    let at =
        |place: usize, rest: &str| format!("/v1/projects/{}{rest}", projects[place]["ref"].as_str().unwrap());
    get(&at(0, ""));
    get(&at(0, "/branches"));
    let services = "/health?services=auth&services=db&services=pooler&timeout_ms=2000";
    get(&at(0, services));
    post(&at(0, "/pause"), &Value::Null);
    get(&at(0, services));
    later();
    get(&at(0, "/restore"));
    post(&at(0, "/restore"), &Value::Null);
    get(&at(0, services));
    post(&at(0, "/restore/cancel"), &Value::Null);
    get(&at(0, "/api-keys"));
    get(&at(0, "/api-keys?reveal=true"));
    get(&at(0, "/config/database/pooler"));
    let told =
        post(&at(1, "/branches"), &json!({"branch_name": "dev", "persistent": true, "git_branch": "dev"}));
    get(&at(1, "/branches"));
    get(&at(1, "/branches/dev"));
    get(&at(1, "/branches/nothing"));
    later();
    let behind = told["project_ref"].as_str().unwrap();
    let branch = |rest: &str| format!("/v1/branches/{behind}{rest}");
    get(&branch(""));
    get(&branch("/diff"));
    ask(cloud, "PATCH", &branch(""), &json!({"branch_name": "develop"}));
    for what in ["/reset", "/merge", "/push"] {
        post(&branch(what), &json!({}));
        get(&at(1, "/branches"));
        later();
    }
    ask(cloud, "DELETE", &branch("?force=false"), &Value::Null);
    get(&at(1, "/branches"));
    post(&branch("/restore"), &Value::Null);
    ask(cloud, "DELETE", &branch(""), &Value::Null);
    ask(cloud, "DELETE", &at(1, "/branches"), &Value::Null);
}
