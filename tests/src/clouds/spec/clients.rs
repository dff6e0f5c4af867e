use std::time::Duration;

use serde_json::json;

use super::Document;
use crate::clouds::{FakeCloud, Neon, Supabase, Vendor};
use crate::tools::{Tool, have, node};

#[test]
fn neons_own_client_takes_the_stand_in_for_neon() {
    let test = "neons_own_client_takes_the_stand_in_for_neon";
    if !have(test, &[Tool::Node, Tool::CloudPackages]) {
        return;
    }
    let cloud = FakeCloud::<Neon>::start();
    let found = node("clouds/neon.cjs", &json!({"url": cloud.url(), "token": cloud.token()}));
    let wanted = json!({
        "user": "ada",
        "projects": ["shop"],
        "early": "423 project already has running conflicting operations, scheduling of new ones is prohibited",
        "state": "ready",
        "endpoint": "active",
        "uri": "postgresql://neondb_owner:…@ep-pooler.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
        "asleep": "idle",
        "branches": ["main"],
        "stranger": 401,
    });
    assert_eq!(found, wanted);
    agrees(test, &cloud);
}

#[test]
fn a_client_for_supabase_takes_the_stand_in_for_supabase() {
    let test = "a_client_for_supabase_takes_the_stand_in_for_supabase";
    if !have(test, &[Tool::Node, Tool::CloudPackages]) {
        return;
    }
    let cloud = FakeCloud::<Supabase>::start();
    cloud.state().vendor.takes = Duration::from_millis(100);
    // It asks more often than a person would.
    cloud.state().rate.limit = 10_000;
    let found = node("clouds/supabase.cjs", &json!({"url": cloud.url(), "token": cloud.token()}));
    let wanted = json!({
        "organizations": ["Example", "Studio"],
        "pausing": "PAUSING",
        "health": ["db ACTIVE_HEALTHY", "rest ACTIVE_HEALTHY"],
        "keys": ["legacy anon", "legacy service_role", "publishable default", "secret default"],
        "pooler": "transaction",
        "branch": "ACTIVE_HEALTHY",
        "reset": "ok",
        "deleted": "ok",
        "stranger": 401,
    });
    assert_eq!(found, wanted);
    agrees(test, &cloud);
}

/// What the client asked and was told is described so as well.
#[track_caller]
fn agrees<V: Vendor>(test: &str, cloud: &FakeCloud<V>) {
    let Some(document) = Document::of(test, V::NAME) else { return };
    assert_eq!(document.faults(cloud.state().requests.all()), Vec::<String>::new());
}
