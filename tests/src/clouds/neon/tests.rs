use std::time::Duration;

use serde_json::{Value, json};

use super::{Neon, Phase};
use crate::clouds::{FakeCloud, Token};

/// With a clock that stands still, and the id of the project.
fn neon() -> (FakeCloud<Neon>, String) {
    let cloud = FakeCloud::<Neon>::start();
    cloud.state().clock.stop();
    let project = cloud.state().vendor.projects[0].id.clone();
    (cloud, project)
}

/// What it says to a call that goes well.
#[track_caller]
fn ask(cloud: &FakeCloud<Neon>, method: &str, path: &str, body: &Value) -> Value {
    let reply = cloud.ask(method, path, body);
    assert!(reply.status < 300, "{method} {path}: {reply:?}");
    if reply.body.is_empty() { Value::Null } else { reply.value() }
}

#[track_caller]
fn refused(cloud: &FakeCloud<Neon>, method: &str, path: &str, body: &Value) -> (u16, String) {
    let reply = cloud.ask(method, path, body);
    (reply.status, reply.value()["message"].as_str().unwrap().to_owned())
}

fn create(cloud: &FakeCloud<Neon>, project: &str, name: &str) -> Value {
    let body = json!({"branch": {"name": name}, "endpoints": [{"type": "read_write"}]});
    let told = ask(cloud, "POST", &format!("/projects/{project}/branches"), &body);
    cloud.advance(Duration::from_secs(1));
    told
}

#[test]
fn a_branch_is_there_at_once_and_ready_when_its_operations_are_over_and_locks_its_project_until_then() {
    let (cloud, project) = neon();
    let branches = format!("/projects/{project}/branches");
    let body = json!({"branch": {"name": "dev"}, "endpoints": [{"type": "read_write"}]});
    let told = ask(&cloud, "POST", &branches, &body);
    let (id, operation) =
        (told["branch"]["id"].as_str().unwrap(), told["operations"][1]["id"].as_str().unwrap());
    assert_eq!(
        (&told["branch"]["current_state"], &told["endpoints"][0]["current_state"]),
        (&json!("init"), &json!("init"))
    );
    assert_eq!(refused(&cloud, "POST", &branches, &json!({"branch": {"name": "other"}})).0, 423);
    let status = || ask(&cloud, "GET", &format!("/projects/{project}/operations/{operation}"), &Value::Null);
    assert_eq!(status()["operation"]["status"], "scheduling");
    cloud.advance(Duration::from_millis(200));
    assert_eq!(status()["operation"]["status"], "running");
    assert_eq!(
        ask(&cloud, "GET", &format!("{branches}/{id}"), &Value::Null)["branch"]["current_state"],
        "ready"
    );
    cloud.advance(Duration::from_millis(200));
    assert_eq!(status()["operation"]["status"], "finished");
    let endpoints = ask(&cloud, "GET", &format!("{branches}/{id}/endpoints"), &Value::Null);
    assert_eq!(endpoints["endpoints"][0]["current_state"], "active");
    // By its name it is found again, and can't be made twice.
    let found = ask(&cloud, "GET", &format!("{branches}?search=dev"), &Value::Null);
    assert_eq!(found["branches"][0]["id"], id);
    assert_eq!(refused(&cloud, "POST", &branches, &body).0, 409);
}

#[test]
fn a_reset_branch_has_its_parents_data_and_its_own_address() {
    let (cloud, project) = neon();
    let told = create(&cloud, &project, "dev");
    let (id, main) = (told["branch"]["id"].as_str().unwrap(), told["branch"]["parent_id"].clone());
    cloud.control(&json!({"do": "write", "branch": "main", "contents": "new"}));
    cloud.control(&json!({"do": "write", "branch": "dev", "contents": "spoiled"}));
    let uri = |pooled: bool| {
        let query = format!("branch_id={id}&database_name=neondb&role_name=neondb_owner&pooled={pooled}");
        ask(&cloud, "GET", &format!("/projects/{project}/connection_uri?{query}"), &Value::Null)["uri"]
            .to_string()
    };
    let before = uri(false);
    let path = format!("/projects/{project}/branches/{id}/restore");
    let told = ask(&cloud, "POST", &path, &json!({"source_branch_id": main}));
    assert_eq!(told["branch"]["current_state"], "resetting");
    cloud.advance(Duration::from_secs(1));
    assert_eq!(cloud.state().vendor.branch("dev").unwrap().contents, "new");
    assert_eq!(uri(false), before);
    assert_eq!(uri(true), before.replacen('.', "-pooler.", 1));
    assert_eq!(refused(&cloud, "POST", &path, &json!({"source_branch_id": id})).0, 400);
    // A child keeps it from being reset, unless what it is a child of is kept.
    create(&cloud, &project, "unrelated");
    let child = ask(
        &cloud,
        "POST",
        &format!("/projects/{project}/branches"),
        &json!({"branch": {"name": "child", "parent_id": id}}),
    );
    cloud.advance(Duration::from_secs(1));
    assert_eq!(refused(&cloud, "POST", &path, &json!({"source_branch_id": main})).0, 400);
    ask(&cloud, "POST", &path, &json!({"source_branch_id": main, "preserve_under_name": "old"}));
    let state = cloud.state();
    let kept = state.vendor.branch("old").unwrap();
    assert_eq!(kept.contents, "new");
    assert_eq!(
        state.vendor.branch(child["branch"]["id"].as_str().unwrap()).unwrap().parent.as_ref(),
        Some(&kept.id)
    );
}

#[test]
fn a_compute_sleeps_when_nobody_asks_and_wakes_for_who_connects() {
    let (cloud, project) = neon();
    let endpoint = cloud.state().vendor.endpoint_of("main").unwrap().id.clone();
    let phase = || cloud.state().vendor.endpoint_of("main").unwrap().phase;
    let path = format!("/projects/{project}/endpoints/{endpoint}");
    assert_eq!(phase(), Phase::Idle);
    cloud.control(&json!({"do": "connect", "endpoint": endpoint}));
    assert_eq!(phase(), Phase::Active);
    cloud.advance(Duration::from_secs(299));
    assert_eq!(phase(), Phase::Active);
    cloud.advance(Duration::from_secs(1));
    assert_eq!(phase(), Phase::Idle);
    assert_eq!(
        ask(&cloud, "POST", &format!("{path}/start"), &Value::Null)["endpoint"]["pending_state"],
        "active"
    );
    cloud.advance(Duration::from_secs(1));
    assert_eq!(ask(&cloud, "POST", &format!("{path}/start"), &Value::Null)["operations"], json!([]));
    ask(&cloud, "POST", &format!("{path}/suspend"), &Value::Null);
    cloud.advance(Duration::from_secs(1));
    assert_eq!(phase(), Phase::Idle);
    cloud.control(&json!({"do": "exceed_quota", "project": project}));
    assert_eq!(refused(&cloud, "POST", &format!("{path}/start"), &Value::Null).0, 422);
}

#[test]
fn a_failed_operation_takes_the_next_ones_along_and_unlocks_the_project() {
    let (cloud, project) = neon();
    cloud.control(&json!({"do": "fail_next", "action": "create_branch"}));
    create(&cloud, &project, "dev");
    let told = ask(&cloud, "GET", &format!("/projects/{project}/operations"), &Value::Null);
    let statuses: Vec<_> =
        told["operations"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, ["skipped", "failed"]);
    assert_eq!(cloud.state().vendor.branch("dev").unwrap().state, "init");
    create(&cloud, &project, "other");
}

#[test]
fn a_branch_is_gone_when_its_deletion_is_over_and_to_delete_it_again_is_no_refusal() {
    let (cloud, project) = neon();
    let told = create(&cloud, &project, "dev");
    let path = format!("/projects/{project}/branches/{}", told["branch"]["id"].as_str().unwrap());
    let main = format!("/projects/{project}/branches/{}", told["branch"]["parent_id"].as_str().unwrap());
    assert_eq!(refused(&cloud, "DELETE", &main, &Value::Null).0, 422);
    ask(&cloud, "DELETE", &path, &Value::Null);
    ask(&cloud, "GET", &path, &Value::Null);
    cloud.advance(Duration::from_secs(1));
    assert_eq!(refused(&cloud, "GET", &path, &Value::Null).0, 404);
    assert_eq!(cloud.ask("DELETE", &path, &Value::Null).status, 204);
    assert!(cloud.state().vendor.endpoint_of("dev").is_none());
}

#[test]
fn a_key_sees_what_its_kind_reaches_and_lists_come_in_pages() {
    let (cloud, project) = neon();
    cloud.control(&json!({"do": "add_project", "name": "blog"}));
    cloud.control(&json!({"do": "make_unavailable", "project": "shop"}));
    let told = ask(&cloud, "GET", "/projects?limit=1", &Value::Null);
    assert_eq!(
        (&told["projects"][0]["name"], &told["unavailable_project_ids"]),
        (&json!("blog"), &json!([project]))
    );
    let next = told["pagination"]["cursor"].as_str().unwrap();
    let told = ask(&cloud, "GET", &format!("/projects?limit=1&cursor={next}"), &Value::Null);
    assert_eq!((&told["projects"], &told["pagination"]), (&json!([]), &Value::Null));
    let status = |token: &str, path: &str| cloud.ask_as(token, "GET", path, &Value::Null).status;
    let narrow = cloud.add_token(Token::new("").kind("project").only(&[&project]));
    let blog = cloud.state().vendor.project("blog").unwrap().id.clone();
    assert_eq!(
        [
            status(&narrow, "/users/me"),
            status(&narrow, "/projects"),
            status(&narrow, &format!("/projects/{project}"))
        ],
        [404, 403, 200]
    );
    assert_eq!(status(&narrow, &format!("/projects/{blog}")), 404);
    let personal = cloud.add_token(Token::new("").kind("personal"));
    let organization = cloud.state().vendor.organizations[0].clone();
    assert_eq!(
        [status(&personal, "/projects"), status(&personal, &format!("/projects?org_id={organization}"))],
        [400, 200]
    );
}
