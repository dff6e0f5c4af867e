use serde_json::{Value as Json, json};

use super::super::api::{Deployments, Link, Project, git_source};
use super::super::look::seen;
use super::super::settings::Target;
use super::super::translate::translate;
use super::stage::Only;
use crate::resource_manager::Settings;
use crate::resource_manager::adapters::weather::settings;
use crate::resource_manager::remote::{Answer, Means};

fn project(more: &Json) -> Project {
    let mut project = json!({ "id": "prj_1", "name": "shop" });
    let Json::Object(more) = more else { panic!("{more}") };
    project.as_object_mut().unwrap().extend(more.clone());
    serde_json::from_value(project).unwrap()
}

fn serving(id: Option<&str>) -> Project {
    let served = id.map(|id| json!({ "id": id, "readyState": "READY", "alias": ["shop.test"] }));
    project(&json!({ "targets": { "production": served } }))
}

/// By the states of `dpl_0` and so on, the newest one first.
fn told(project: Project, states: &[&str], target: Target) -> (Means, String) {
    let all = states.iter().enumerate();
    let all = all.map(|(nth, state)| json!({ "uid": format!("dpl_{nth}"), "state": state, "readyState": state, "createdAt": 1000 }));
    let list: Deployments =
        serde_json::from_value(json!({ "deployments": all.collect::<Vec<_>>() })).unwrap();
    let seen = seen(project, &list.deployments, target);
    (seen.means, seen.word)
}

#[test]
fn production_is_as_its_newest_deployment_is() {
    let told = |served, states: &[&str]| told(serving(served), states, Target::Production);
    for state in ["QUEUED", "INITIALIZING", "BUILDING"] {
        assert_eq!(told(Some("dpl_1"), &[state, "READY"]), (Means::Starting, state.to_owned()));
    }
    assert_eq!(told(Some("dpl_0"), &["READY", "ERROR"]), (Means::Running, "READY".to_owned()));
    assert_eq!(
        told(Some("dpl_1"), &["ERROR", "READY"]),
        (Means::Failed, "ERROR (dpl_1 is served)".to_owned())
    );
    assert_eq!(told(None, &["SOMETHING_NEW"]), (Means::Starting, "SOMETHING_NEW".to_owned()));
    assert_eq!(told(None, &[]).0, Means::Gone);
}

#[test]
fn what_was_canceled_takes_nothing_away_from_what_is_served() {
    let told = |served, states: &[&str]| told(serving(served), states, Target::Production);
    for state in ["CANCELED", "BLOCKED", "DELETED"] {
        let word = format!("READY; the newest one is {state}");
        assert_eq!(told(Some("dpl_1"), &[state, "READY"]), (Means::Running, word));
        assert_eq!(told(None, &[state]), (Means::Gone, state.to_owned()));
    }
    // Whatever was on more pages.
    assert_eq!(told(Some("dpl_9"), &["CANCELED"]).0, Means::Running);
    let (means, word) = told(Some("dpl_2"), &["CANCELED", "READY", "READY"]);
    assert_eq!(means, Means::Running);
    assert!(word.contains("dpl_2 is served"), "{word}");
}

#[test]
fn what_was_chosen_after_a_failure_is_well() {
    let chosen = |requested_at: u64, status| {
        project(&json!({
            "targets": { "production": { "id": "dpl_1", "readyState": "READY" } },
            "lastAliasRequest": { "toDeploymentId": "dpl_1", "jobStatus": status, "requestedAt": requested_at },
        }))
    };
    let means = |project| told(project, &["ERROR", "READY"], Target::Production).0;
    assert_eq!(means(chosen(2000, "succeeded")), Means::Running);
    assert_eq!(means(chosen(500, "succeeded")), Means::Failed);
    assert_eq!(means(chosen(2000, "failed")), Means::Failed);
}

#[test]
fn a_preview_is_the_newest_that_is_ready_whatever_production_is() {
    let told = |states: &[&str]| told(serving(Some("dpl_9")), states, Target::Preview);
    assert_eq!(told(&["READY"]), (Means::Running, "READY".to_owned()));
    assert_eq!(told(&["BUILDING", "READY"]), (Means::Starting, "BUILDING".to_owned()));
    assert_eq!(told(&["CANCELED", "READY"]).0, Means::Running);
    assert_eq!(told(&["ERROR", "READY"]), (Means::Failed, "ERROR (dpl_1 is served)".to_owned()));
}

#[test]
fn what_is_ready_serves_nobody_until_it_has_its_domains() {
    let told = |project| told(project, &["READY"], Target::Production);
    assert_eq!(told(serving(None)).0, Means::Starting);
    assert_eq!(told(project(&json!({ "paused": true }))).0, Means::Stopped);
    assert_eq!(told(project(&json!({}))).0, Means::Running, "the project doesn't say what it serves");
}

#[test]
fn a_bad_token_is_told_from_one_that_is_not_allowed_to() {
    let translated = |status, body: Json, date: Option<&str>| {
        let body = body.to_string().into_bytes();
        let mut answer = Answer { status, body, date: date.map(str::to_owned), ..Answer::default() };
        translate(&mut answer);
        (answer.status, answer.retry_after)
    };
    let forbidden = |more: Json| json!({ "error": { "code": "forbidden", "invalidToken": more } });
    assert_eq!(translated(403, forbidden(json!(true)), None).0, 401);
    assert_eq!(translated(403, forbidden(Json::Null), None).0, 403);
    assert_eq!(translated(404, forbidden(json!(true)), None).0, 404);
    let limited =
        json!({ "error": { "code": "rate_limited", "limit": { "remaining": 0, "reset": 784_111_800 } } });
    let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(translated(429, limited.clone(), date), (429, Some("23".to_owned())));
    assert_eq!(translated(429, limited.clone(), None), (429, None), "nobody's clock is asked");
    let later = json!({ "error": { "limit": { "reset": 784_200_000 } } });
    assert_eq!(translated(429, later, date), (429, None), "others need not wait that long");
}

#[test]
fn git_is_asked_for_as_its_host_is() {
    let link = |json| serde_json::from_value::<Link>(json).unwrap();
    let source = |json| git_source(&link(json), "dev");
    assert_eq!(
        source(json!({ "type": "github", "repoId": 4711, "org": "acme" })).unwrap(),
        json!({ "type": "github", "repoId": 4711, "ref": "dev" })
    );
    assert_eq!(
        source(json!({ "type": "gitlab", "projectId": "7" })).unwrap(),
        json!({ "type": "gitlab", "projectId": "7", "ref": "dev" })
    );
    assert_eq!(
        source(json!({ "type": "bitbucket", "owner": "a", "slug": "b", "uuid": "c" })).unwrap(),
        json!({ "type": "bitbucket", "owner": "a", "slug": "b", "ref": "dev" })
    );
    assert_eq!(source(json!({})), None);
}

#[test]
fn settings_say_what_is_wrong_with_them() {
    let (read, problems) = settings::<Only>("{ token: '${secret:a}', project: shop, target: staging }");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("`production` or `preview`"), "{problems:?}");
    drop(read);
    let (_, problems) = settings::<Only>("{ project: shop }");
    assert!(problems[0].contains("token"), "{problems:?}");
    let (read, problems) =
        settings::<Only>("{ token: t, project: shop, target: preview, branch: dev, deploy: never }");
    assert_eq!((problems, read.unwrap().0.what().unwrap()), (vec![], "shop, preview of dev".to_owned()));
}
