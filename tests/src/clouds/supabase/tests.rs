use std::time::Duration;

use serde_json::{Value, json};

use super::Supabase;
use crate::clouds::{FakeCloud, Token};

/// With a clock that stands still, and the path of the project that is called so.
fn supabase(project: &str) -> (FakeCloud<Supabase>, String) {
    let cloud = FakeCloud::<Supabase>::start();
    cloud.state().clock.stop();
    let reference = cloud.state().vendor.project(project).unwrap().reference.clone();
    (cloud, format!("/v1/projects/{reference}"))
}

#[track_caller]
fn ask(cloud: &FakeCloud<Supabase>, method: &str, path: &str, body: &Value) -> Value {
    let reply = cloud.ask(method, path, body);
    assert!(reply.status < 300, "{method} {path}: {reply:?}");
    if reply.body.is_empty() { Value::Null } else { reply.value() }
}

fn status(cloud: &FakeCloud<Supabase>, path: &str) -> String {
    ask(cloud, "GET", path, &Value::Null)["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_project_is_paused_and_restored_in_minutes() {
    let (cloud, path) = supabase("shop");
    let minute = || cloud.advance(Duration::from_secs(60));
    assert_eq!(ask(&cloud, "POST", &format!("{path}/pause"), &Value::Null), Value::Null);
    assert_eq!(status(&cloud, &path), "PAUSING");
    assert_eq!(cloud.ask("POST", &format!("{path}/restore"), &Value::Null).status, 400);
    minute();
    minute();
    assert_eq!(status(&cloud, &path), "INACTIVE");
    let health = |services: &str| ask(&cloud, "GET", &format!("{path}/health?{services}"), &Value::Null);
    assert_eq!(health("services=db")[0]["status"], "UNHEALTHY");
    ask(&cloud, "POST", &format!("{path}/restore"), &Value::Null);
    assert_eq!(status(&cloud, &path), "RESTORING");
    minute();
    assert_eq!(
        (status(&cloud, &path), &health("services=db,rest")[1]["status"]),
        ("COMING_UP".to_owned(), &json!("COMING_UP"))
    );
    minute();
    assert_eq!(status(&cloud, &path), "ACTIVE_HEALTHY");
    cloud.control(&json!({"do": "sicken", "project": "shop", "service": "rest"}));
    let healthy: Vec<_> = health("services=db&services=rest")
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["healthy"].clone())
        .collect();
    assert_eq!(healthy, [true, false]);
    assert_eq!(cloud.ask("GET", &format!("{path}/health?services=x"), &Value::Null).status, 400);
}

#[test]
fn a_restored_project_can_fall_back_or_be_kept_from_it() {
    let (cloud, path) = supabase("shop");
    cloud.control(&json!({"do": "turn", "project": "shop", "status": "INACTIVE"}));
    cloud.control(&json!({"do": "fail_next", "what": "restore", "status": "INACTIVE"}));
    ask(&cloud, "POST", &format!("{path}/restore"), &Value::Null);
    cloud.advance(Duration::from_secs(120));
    assert_eq!(status(&cloud, &path), "INACTIVE");
    ask(&cloud, "POST", &format!("{path}/restore"), &Value::Null);
    ask(&cloud, "POST", &format!("{path}/restore/cancel"), &Value::Null);
    cloud.advance(Duration::from_secs(120));
    assert_eq!(status(&cloud, &path), "INACTIVE");
    cloud.control(&json!({"do": "restrict", "project": "shop"}));
    let reply = cloud.ask("POST", &format!("{path}/restore"), &Value::Null);
    assert!(reply.body.contains("under service restrictions"), "{reply:?}");
}

#[test]
fn who_pays_can_pause_nothing_and_has_branches() {
    let (cloud, shop) = supabase("shop");
    let studio = format!("/v1/projects/{}", cloud.state().vendor.project("studio").unwrap().reference);
    assert_eq!(cloud.ask("POST", &format!("{studio}/pause"), &Value::Null).status, 400);
    assert_eq!(cloud.ask("GET", &format!("{shop}/branches"), &Value::Null).status, 403);
    assert_eq!(ask(&cloud, "GET", &format!("{studio}/branches"), &Value::Null), json!([]));
}

#[test]
fn a_branch_is_a_project_of_its_own_that_is_made_reset_and_deleted() {
    let (cloud, path) = supabase("studio");
    let branches = format!("{path}/branches");
    let told = ask(&cloud, "POST", &branches, &json!({"branch_name": "dev"}));
    assert_eq!(
        (&told["status"], &told["preview_project_status"]),
        (&json!("CREATING_PROJECT"), &json!("COMING_UP"))
    );
    assert_eq!(cloud.ask("POST", &branches, &json!({"branch_name": "dev"})).status, 409);
    cloud.advance(Duration::from_secs(120));
    let by_name = || ask(&cloud, "GET", &format!("{branches}/dev"), &Value::Null);
    assert_eq!(by_name()["status"], "FUNCTIONS_DEPLOYED");
    let behind = told["project_ref"].as_str().unwrap();
    assert_eq!(status(&cloud, &format!("/v1/projects/{behind}")), "ACTIVE_HEALTHY");
    let branch = format!("/v1/branches/{behind}");
    let detail = ask(&cloud, "GET", &branch, &Value::Null);
    assert_eq!(detail["db_host"], format!("db.{behind}.supabase.co"));
    cloud.control(&json!({"do": "write", "branch": "dev", "contents": "spoiled"}));
    assert_eq!(cloud.ask("POST", &format!("{branch}/reset"), &Value::Null).status, 400);
    assert_eq!(ask(&cloud, "POST", &format!("{branch}/reset"), &json!({}))["message"], "ok");
    assert_eq!(by_name()["status"], "RUNNING_MIGRATIONS");
    assert_eq!(cloud.state().vendor.branch("dev").unwrap().contents, "");
    ask(&cloud, "DELETE", &format!("{branch}?force=false"), &Value::Null);
    assert!(by_name()["deletion_scheduled_at"].is_string());
    cloud.advance(Duration::from_secs(3600));
    assert_eq!(cloud.ask("GET", &branch, &Value::Null).status, 404);
    assert_eq!(cloud.ask("GET", &format!("{branches}/dev"), &Value::Null).status, 404);
    assert!(cloud.state().vendor.project(behind).is_none());
}

#[test]
fn a_token_sees_what_it_reaches_and_keys_are_hidden_unless_asked_for() {
    let (cloud, path) = supabase("shop");
    let reference = path.rsplit('/').next().unwrap();
    let narrow =
        cloud.add_token(Token::new("").only(&[reference]).may(&["projects_read", "api_gateway_keys_read"]));
    let told = cloud.ask_as(&narrow, "GET", "/v1/projects", &Value::Null).value();
    assert_eq!(told.as_array().unwrap().len(), 1);
    assert_eq!(cloud.ask_as(&narrow, "GET", &path, &Value::Null).status, 403);
    let secret = |query: &str| {
        let keys = cloud.ask_as(&narrow, "GET", &format!("{path}/api-keys{query}"), &Value::Null).value();
        keys[3]["api_key"].as_str().unwrap().to_owned()
    };
    assert!(secret("").contains('·') && !secret("?reveal=true").contains('·'));
    let blind = cloud.add_token(Token::new("").kind("no-reveal"));
    let status =
        |query: &str| cloud.ask_as(&blind, "GET", &format!("{path}/api-keys{query}"), &Value::Null).status;
    assert_eq!((status(""), status("?reveal=true")), (200, 403));
}
