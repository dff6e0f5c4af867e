use serde_json::json;

use super::Vercel;
use crate::clouds::FakeCloud;
use crate::tools::{Tool, have, node};

#[test]
fn the_official_sdk_takes_it_for_vercel() {
    let test = "the_official_sdk_takes_it_for_vercel";
    if !have(test, &[Tool::Node, Tool::CloudPackages]) {
        return;
    }
    let cloud = FakeCloud::<Vercel>::start();
    let team = cloud.state().vendor.teams[0].id.clone();
    let found =
        node("clouds/use_vercel.cjs", &json!({"url": cloud.url(), "token": cloud.token(), "team": team}));
    assert_eq!(found["invented"], json!([]), "the SDK finds this missing in answers");
    assert_eq!(found["user"], "ada");
    assert_eq!((&found["made"], &found["got"]), (&json!("QUEUED"), &json!([true, "1", "main"])));
    assert_eq!(found["listed"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&found["canceled"], &found["again"], &found["paused"]),
        (&json!("CANCELED"), &json!(["READY", true]), &json!(true))
    );
    let statuses: Vec<_> =
        found["refusals"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, [403, 403, 404, 400], "{}", found["refusals"]);
    // What it was asked for by the SDK is what it has paths for.
    let state = cloud.state();
    let unknown =
        state.requests.all().iter().filter(|one| one.status == Some(404) && !one.path.ends_with("/dpl_x"));
    assert_eq!(unknown.count(), 0);
    assert_eq!(state.requests.count("POST", "/v10/projects/*/promote/*"), 1);
    assert!(state.vendor.projects[0].promotion.is_some());
}
