use serde_json::{Value as Json, json};

use super::super::api::{Ids, Instance, Project};
use super::super::look::seen;
use super::super::resolve;
use super::super::translate::translate;
use super::super::vendor::every;
use super::stage::{Only, refused};
use crate::resource_manager::Settings;
use crate::resource_manager::adapters::weather::{json as answer, settings, with_given};
use crate::resource_manager::remote::{Every, Means, Rate};

fn deployment(id: &str, status: &str, is_stopped: bool) -> Json {
    json!({ "id": id, "status": status, "deploymentStopped": is_stopped })
}

fn told(latest: Json, active: &[Json]) -> (Means, String) {
    let mut told = json!({ "serviceName": "web", "activeDeployments": active });
    told["latestDeployment"] = latest;
    let seen = seen(Ids::default(), serde_json::from_value::<Instance>(told).unwrap());
    (seen.means, seen.word)
}

#[test]
fn a_service_is_as_its_newest_deployment_is() {
    let old = [deployment("d0", "SUCCESS", false)];
    for status in ["QUEUED", "WAITING", "INITIALIZING", "BUILDING", "DEPLOYING", "SOMETHING_NEW"] {
        // What starts is called stopped, too.
        assert_eq!(told(deployment("d1", status, true), &old), (Means::Starting, status.to_owned()));
    }
    assert_eq!(told(deployment("d1", "SUCCESS", false), &[]), (Means::Running, "SUCCESS".to_owned()));
    assert_eq!(told(deployment("d1", "SUCCESS", true), &[]), (Means::Stopped, "stopped".to_owned()));
    assert_eq!(told(deployment("d1", "SLEEPING", true), &[]).0, Means::Asleep);
    for status in ["FAILED", "CRASHED"] {
        assert_eq!(told(deployment("d1", status, true), &[]), (Means::Failed, status.to_owned()));
        assert_eq!(
            told(deployment("d1", status, true), &old),
            (Means::Failed, format!("{status} (d0 is active)"))
        );
    }
    assert_eq!(told(Json::Null, &[]).0, Means::Gone);
}

#[test]
fn what_came_to_nothing_takes_nothing_away_from_what_is_active() {
    let old = [deployment("d0", "SUCCESS", false)];
    for status in ["SKIPPED", "REMOVED", "REMOVING", "NEEDS_APPROVAL"] {
        let word = format!("SUCCESS; the newest one is {status}");
        assert_eq!(told(deployment("d1", status, true), &old), (Means::Running, word));
    }
    let alone = |status| told(deployment("d1", status, true), &[]).0;
    assert_eq!(
        ["SKIPPED", "REMOVED", "REMOVING", "NEEDS_APPROVAL"].map(alone),
        [Means::Gone, Means::Gone, Means::Stopping, Means::Failed]
    );
}

#[test]
fn a_refusal_is_known_by_its_words_whatever_its_status() {
    let translated = |message, code| {
        let mut answer = refused(message, code);
        translate(&mut answer);
        answer.status
    };
    let unsaid = |message| translated(message, "INTERNAL_SERVER_ERROR");
    assert_eq!(unsaid("Not Authorized"), 403);
    assert_eq!(unsaid("Project Token not found"), 401);
    assert_eq!(unsaid("Deployment not found"), 404);
    assert_eq!(unsaid("Problem processing request"), 500);
    assert_eq!(unsaid("Two Factor Authentication Required"), 403);
    assert_eq!(unsaid("Something else"), 200);
    assert_eq!(translated("Deployment is not stoppable", "BAD_USER_INPUT"), 409);
    let mut fine = answer(200, &json!({ "data": { "project": { "name": "not authorized" } } }));
    translate(&mut fine);
    assert_eq!(fine.status, 200);
}

#[test]
fn names_are_looked_up_in_what_the_token_sees() {
    let project = |id: &str, name: &str, deleted: Json| -> Project {
        let all = |names: &[&str]| {
            let edges: Vec<_> = names
                .iter()
                .map(|name| json!({ "node": { "id": format!("id-{name}"), "name": name } }))
                .collect();
            json!({ "edges": edges })
        };
        serde_json::from_value(json!({
            "id": id, "name": name, "deletedAt": deleted, "environments": all(&["production", "staging"]),
            "services": all(&["web", "worker"]),
        }))
        .unwrap()
    };
    let all = [
        project("p0", "shop", json!("2026-01-01T00:00:00Z")),
        project("p1", "shop", Json::Null),
        project("p2", "notes", Json::Null),
        project("p3", "notes", Json::Null),
    ];
    let found = |wanted| {
        resolve::project(&all, wanted).map(|project| project.id.clone()).map_err(|trouble| trouble.why)
    };
    assert_eq!(found("shop").unwrap(), "p1", "deleted ones stay on the list");
    assert_eq!(found("p3").unwrap(), "p3");
    assert!(found("notes").unwrap_err().contains("several projects notes, such as p2 and p3"));
    assert!(found("p0").unwrap_err().contains("no project p0"));
    let ids = |environment, usual, service| {
        resolve::ids(&all[1], environment, usual, service).map_err(|trouble| trouble.why)
    };
    let staging = ids(Some("staging"), Some("id-production"), "web").unwrap();
    assert_eq!((&*staging.environment, &*staging.service), ("id-staging", "id-web"));
    assert_eq!(ids(None, Some("id-production"), "worker").unwrap().environment, "id-production");
    assert!(ids(None, None, "web").unwrap_err().contains("not said which environment"));
    assert!(ids(None, Some("e"), "db").unwrap_err().contains("has no service db"));
    assert!(resolve::is_id("0f2d9c1e-5a77-4b1e-9d53-0c2f7d7f6a11"));
    assert!(!resolve::is_id("my-shop-with-a-name-") && !resolve::is_id("shop"));
}

#[test]
fn looks_are_as_rare_as_the_plan_needs() {
    let seconds = |times, span| {
        let Every { changing, steady } = every(Rate::within(times, span));
        (changing.as_secs_f64(), steady.as_secs())
    };
    assert_eq!(seconds(100, 3600), (14.4, 108), "three that run, or one that is built for 20 min");
    assert_eq!(seconds(1000, 3600), (2.0, 30));
    assert_eq!(seconds(10_000, 3600), (2.0, 30));
    assert_eq!(seconds(1, 3600), (60.0, 600));
}

#[test]
fn settings_say_what_is_wrong_with_them() {
    let (_, problems) = settings::<Only>("{ token: t, project: shop, service: web, token_of: team }");
    assert!(problems[0].contains("`account` or `project`"), "{problems:?}");
    let (read, problems) =
        settings::<Only>("{ token: t, project: shop, environment: staging, service: web }");
    assert_eq!((problems, read.unwrap().0.what().unwrap()), (vec![], "shop, staging, web".to_owned()));
    with_given("{ token: t, service: web }", |Only(settings), given| {
        let (client, base) = settings.account.client(given).unwrap();
        let problem = settings.run_by(given, client, base).err().unwrap();
        assert!(problem.message.contains("does not say which project"), "{problem:?}");
    });
}
