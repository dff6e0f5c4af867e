use std::time::Duration;

use serde_json::{Value, json};

use super::Document;
use crate::clouds::{FakeCloud, Neon, Vendor};

/// What the stand-in doesn't play.
const NOT_PLAYED: [&str; 14] = [
    "compare_schema",
    "data-api",
    "finalize_restore",
    "/schema",
    "snapshot",
    "post /projects",
    "delete /projects/{project_id}",
    "patch /projects/{project_id}",
    "databases/{database_name}",
    "post /projects/{project_id}/branches/{branch_id}/roles",
    "delete /projects/{project_id}/branches/{branch_id}/roles/{role_name}",
    "patch /projects/{project_id}/endpoints/{endpoint_id}",
    "/consumption",
    "/api_keys",
];

#[test]
fn everything_that_neon_takes_and_answers_here_is_as_its_document_says() {
    let test = "everything_that_neon_takes_and_answers_here_is_as_its_document_says";
    let Some(document) = Document::of(test, Neon::NAME) else { return };
    let cloud = FakeCloud::<Neon>::start();
    walk(&cloud);
    let state = cloud.state();
    let requests = state.requests.all();
    assert_eq!(document.faults(requests), Vec::<String>::new());
    assert_eq!(document.left_out(requests, &NOT_PLAYED), Vec::<String>::new());
}

#[track_caller]
fn ask(cloud: &FakeCloud<Neon>, method: &str, path: &str, body: &Value) -> Value {
    let reply = cloud.ask(method, path, body);
    cloud.advance(Duration::from_secs(2));
    if reply.body.is_empty() { Value::Null } else { reply.value() }
}

/// Each call that there is, some in several ways, refusals among them.
fn walk(cloud: &FakeCloud<Neon>) {
    let get = |path: &str| ask(cloud, "GET", path, &Value::Null);
    let post = |path: &str, body: &Value| ask(cloud, "POST", path, body);
    get("/users/me");
    get("/users/me/organizations");
    get("/projects?limit=400&search=shop");
    let project = cloud.state().vendor.projects[0].id.clone();
    let at = |rest: &str| format!("/projects/{project}{rest}");
    get(&at(""));
    get("/projects/nowhere");
    let body = json!({"branch": {"name": "dev", "expires_at": "2030-01-01T00:00:00Z"}, "endpoints": [{"type": "read_write"}]});
    let told = cloud.ask("POST", &at("/branches"), &body).value();
    // Too early.
    let locked = cloud.ask("POST", &at("/branches"), &json!({}));
    let operations = cloud.ask("GET", &at("/operations?limit=5"), &Value::Null);
    assert_eq!((locked.status, operations.status), (423, 200));
    cloud.advance(Duration::from_secs(2));
    let (dev, main) = (told["branch"]["id"].as_str().unwrap(), told["branch"]["parent_id"].as_str().unwrap());
    let endpoint = told["endpoints"][0]["id"].as_str().unwrap();
    get(&at(&format!("/operations/{}", told["operations"][0]["id"].as_str().unwrap())));
    get(&at("/branches?limit=1&sort_by=name&sort_order=asc"));
    get(&at("/branches/count"));
    let at_dev = |rest: &str| at(&format!("/branches/{dev}{rest}"));
    get(&at_dev(""));
    for what in
        ["/endpoints", "/databases", "/roles", "/roles/neondb_owner", "/roles/neondb_owner/reveal_password"]
    {
        get(&at_dev(what));
    }
    post(&at_dev("/roles/neondb_owner/reset_password"), &Value::Null);
    post(&at_dev("/databases"), &json!({"database": {"name": "more", "owner_name": "neondb_owner"}}));
    get(&at(&format!(
        "/connection_uri?branch_id={dev}&database_name=more&role_name=neondb_owner&pooled=true"
    )));
    ask(cloud, "PATCH", &at_dev(""), &json!({"branch": {"name": "develop"}}));
    post(&at_dev("/restore"), &json!({"source_branch_id": main, "preserve_under_name": "old"}));
    get(&at("/endpoints"));
    let at_endpoint = |rest: &str| at(&format!("/endpoints/{endpoint}{rest}"));
    get(&at_endpoint(""));
    for what in ["/suspend", "/start", "/restart"] {
        post(&at_endpoint(what), &Value::Null);
    }
    post(&at("/endpoints"), &json!({"endpoint": {"branch_id": dev, "type": "read_only"}}));
    ask(cloud, "DELETE", &at_endpoint(""), &Value::Null);
    ask(cloud, "DELETE", &at_endpoint(""), &Value::Null);
    post(&at_dev("/set_as_default"), &Value::Null);
    post(&at(&format!("/branches/{main}/set_as_default")), &Value::Null);
    ask(cloud, "DELETE", &at_dev(""), &Value::Null);
    ask(cloud, "DELETE", &at_dev(""), &Value::Null);
}
