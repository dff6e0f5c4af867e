use serde_json::{Value as Json, json};

use super::super::api::{Deploy, Service};
use super::super::look::seen;
use super::stage::Only;
use crate::resource_manager::Settings;
use crate::resource_manager::adapters::weather::settings;
use crate::resource_manager::remote::Means;

fn service(suspenders: &[&str]) -> Service {
    let suspended = if suspenders.is_empty() { "not_suspended" } else { "suspended" };
    let told = json!({ "id": "srv-1", "name": "shop", "suspended": suspended, "suspenders": suspenders });
    serde_json::from_value(told).unwrap()
}

/// By the states of `dep-0` and so on, the newest one first.
fn told(suspenders: &[&str], states: &[&str]) -> (Means, String) {
    let deploys = states.iter().enumerate();
    let deploys = deploys.map(|(nth, status)| json!({ "id": format!("dep-{nth}"), "status": status }));
    let deploys = deploys.map(|told: Json| serde_json::from_value::<Deploy>(told).unwrap()).collect();
    let seen = seen("shop", Some(service(suspenders)), deploys);
    (seen.means, seen.word)
}

#[test]
fn a_service_is_as_its_newest_deploy_is() {
    for status in ["created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"] {
        assert_eq!(told(&[], &[status, "live"]), (Means::Starting, status.to_owned()));
    }
    assert_eq!(told(&[], &["live", "build_failed"]), (Means::Running, "live".to_owned()));
    for status in ["build_failed", "update_failed", "pre_deploy_failed"] {
        assert_eq!(told(&[], &[status]), (Means::Failed, status.to_owned()));
        assert_eq!(told(&[], &[status, "live"]), (Means::Failed, format!("{status} (dep-1 is live)")));
    }
    assert_eq!(told(&[], &["something_new"]), (Means::Starting, "something_new".to_owned()));
}

#[test]
fn what_was_canceled_or_replaced_takes_nothing_away() {
    assert_eq!(
        told(&[], &["canceled", "live"]),
        (Means::Running, "live; the newest deploy was canceled".to_owned())
    );
    assert_eq!(told(&[], &["canceled", "build_failed", "live"]).0, Means::Failed);
    assert_eq!(told(&[], &["deactivated"]).0, Means::Starting);
    assert_eq!(told(&[], &["canceled"]).0, Means::Gone);
    assert_eq!(told(&[], &[]), (Means::Gone, "without a deploy".to_owned()));
}

#[test]
fn what_is_suspended_says_by_whom_whatever_its_deploys_are() {
    assert_eq!(told(&["user"], &["live"]), (Means::Stopped, "suspended".to_owned()));
    assert_eq!(
        told(&["user", "billing", "admin"], &["build_in_progress"]),
        (Means::Stopped, "suspended by billing and admin".to_owned())
    );
    let gone = seen("shop", None, vec![]);
    assert_eq!((gone.means, &*gone.word), (Means::Gone, "not there: there is no service shop"));
}

#[test]
fn settings_say_what_is_wrong_with_them() {
    let (_, problems) = settings::<Only>("{ token: '${secret:a}', on_stop: kill }");
    assert_eq!(problems.len(), 2, "{problems:?}");
    let (read, problems) =
        settings::<Only>("{ token: t, service: shop, owner: tea-1, on_stop: pause, auto_pause: 2h }");
    assert_eq!((problems, read.unwrap().0.what().unwrap()), (vec![], "shop".to_owned()));
}
