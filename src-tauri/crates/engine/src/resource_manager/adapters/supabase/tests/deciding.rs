use std::sync::Arc;

use proptest::prelude::*;

use super::super::super::cloud::Vendor;
use super::super::super::cloud::tests::{InMemory, World, kept, settings, with_given};
use super::super::api::Branch;
use super::super::look::{branch_seen, means, no_branch, project_seen};
use super::super::vendor::Supabase;
use super::fake::FakeSupabase;
use crate::resource_manager::Settings;
use crate::resource_manager::remote::{Goal, Means};

/// All that the API's description knows.
const PROJECTS: [&str; 15] = [
    "INACTIVE",
    "ACTIVE_HEALTHY",
    "ACTIVE_UNHEALTHY",
    "COMING_UP",
    "UNKNOWN",
    "GOING_DOWN",
    "INIT_FAILED",
    "REMOVED",
    "RESTORING",
    "UPGRADING",
    "PAUSING",
    "RESTORE_FAILED",
    "RESTARTING",
    "PAUSE_FAILED",
    "RESIZING",
];

const BRANCHES: [&str; 6] = [
    "CREATING_PROJECT",
    "RUNNING_MIGRATIONS",
    "MIGRATIONS_PASSED",
    "MIGRATIONS_FAILED",
    "FUNCTIONS_DEPLOYED",
    "FUNCTIONS_FAILED",
];

fn branch(status: &str) -> Branch {
    let json = serde_json::json!({ "name": "dev", "project_ref": "behind", "status": status });
    serde_json::from_value(json).unwrap()
}

fn supabase(text: &str) -> Supabase {
    let world = World::new(<FakeSupabase as super::super::super::cloud::tests::Fake>::new());
    with_given::<FakeSupabase, _>(&kept().0, text, |settings, given| {
        let transport = Box::new(InMemory(Arc::clone(&world)));
        let (client, base) = settings.account.client_over(given, |_, _| Ok(transport)).unwrap();
        Supabase::new(settings, given, client, base).unwrap()
    })
}

const PROJECT: &str = "{ token: '${secret:api}', project: shop }";
const OWN: &str = "{ token: '${secret:api}', project: shop, branch: instance }";
const NAMED: &str = "{ token: '${secret:api}', project: shop, branch: dev }";

#[test]
fn each_state_of_a_project_means_something() {
    let told: Vec<_> = PROJECTS.iter().map(|status| (status, means(status))).collect();
    let told: Vec<_> =
        told.iter().map(|(status, (means, word))| format!("{status}: {means:?}, {word}")).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_branch_is_what_its_project_is_and_what_becomes_of_its_migrations() {
    let mut told = vec![];
    for status in BRANCHES.iter().chain(&["NEW_WORD"]) {
        for project in ["ACTIVE_HEALTHY", "COMING_UP", "INACTIVE", "PAUSING", "INIT_FAILED"] {
            let seen = branch_seen(branch(status), project);
            told.push(format!("{status}, {project}: {:?}, {}", seen.means, seen.word));
        }
    }
    insta::assert_snapshot!(told.join("\n"));
}

proptest! {
    #[test]
    fn no_unknown_word_is_taken_for_one_that_runs(project in "[A-Z_]{0,20}|.{0,9}", of_branch in "[A-Z_]{0,20}") {
        if !PROJECTS.contains(&&*project) {
            prop_assert_eq!(means(&project).0, Means::Starting);
            for known in BRANCHES {
                let seen = branch_seen(branch(known), &project);
                prop_assert!(seen.means != Means::Running, "{:?}", seen);
            }
        }
        if !BRANCHES.contains(&&*of_branch) {
            for known in PROJECTS {
                let seen = branch_seen(branch(&of_branch), known);
                prop_assert_ne!(seen.means, Means::Running);
            }
        }
    }

    /// Nothing is restored but what is paused, paused but what runs, or made but what is its own and not there.
    #[test]
    fn only_what_is_paused_is_restored_and_only_what_runs_is_paused(nth in 0_usize..PROJECTS.len(), up in any::<bool>()) {
        let (goal, status) = (if up { Goal::Up } else { Goal::Down }, PROJECTS[nth]);
        let seen = project_seen("shop", status);
        let call = supabase(PROJECT).toward(goal, &seen).ok().flatten();
        let path = call.map(|call| format!("{} {}", call.method, call.url.path()));
        let wanted = match (goal, status) {
            (Goal::Up, "INACTIVE") => Some("POST /v1/projects/shop/restore".to_owned()),
            (Goal::Down, "ACTIVE_HEALTHY") => Some("POST /v1/projects/shop/pause".to_owned()),
            _ => None,
        };
        prop_assert_eq!(path, wanted);
    }
}

#[test]
fn what_a_branch_is_done_with_is_its_own_project() {
    let seen = branch_seen(branch("FUNCTIONS_DEPLOYED"), "INACTIVE");
    let call = supabase(NAMED).toward(Goal::Up, &seen).unwrap().unwrap();
    assert_eq!(call.url.path(), "/v1/projects/behind/restore");
    assert!(!call.again, "twice may do harm");
}

#[test]
fn only_the_instances_own_branch_is_made() {
    let call = supabase(OWN).toward(Goal::Up, &no_branch("kinfra-shop-x")).unwrap().unwrap();
    assert_eq!((call.method.as_str(), call.url.path()), ("POST", "/v1/projects/shop/branches"));
    let name = serde_json::from_slice::<serde_json::Value>(&call.body.unwrap().1).unwrap();
    assert!(name["branch_name"].as_str().unwrap().starts_with("kinfra-shop-"), "{name}");
    // What was removed over there is not made again as if nothing had been.
    assert!(supabase(OWN).toward(Goal::Up, &branch_seen(branch("FUNCTIONS_DEPLOYED"), "REMOVED")).is_err());
    insta::assert_snapshot!(supabase(NAMED).toward(Goal::Up, &no_branch("dev")).unwrap_err(), @r#"
    the branch dev at Supabase is not there: there is no branch dev
      hint: name a branch that is there, or write `branch: instance` for one of this instance's own
    "#);
    insta::assert_snapshot!(
        supabase(NAMED).toward(Goal::Up, &branch_seen(branch("MIGRATIONS_FAILED"), "ACTIVE_HEALTHY")).unwrap_err(),
        @r#"
    the branch dev at Supabase is not as it should be: its migrations failed
      hint: its log is in Supabase's dashboard; when that is repaired, reset it
    "#
    );
    insta::assert_snapshot!(supabase(PROJECT).toward(Goal::Up, &project_seen("shop", "RESTORE_FAILED")).unwrap_err(), @r#"
    the project shop at Supabase is not restored: that failed
      hint: look at it in Supabase's dashboard
    "#);
}

#[test]
fn what_is_written_wrongly_is_told_with_its_place() {
    let text = "branch: [a]\npasword: x\non_stop: delete\nauto_pause: 5s\n";
    insta::assert_snapshot!(settings::<FakeSupabase>(text).1.join("\n"), @r#"
    kinfra.yaml:1:1: `token` is missing
      hint: for example `token: "${secret:supabase}"`
    kinfra.yaml:1:1: `project` is missing
      hint: for example `project: abcdefghijklmnopqrst`
    kinfra.yaml:1:9: `branch` is a list, but must be a text
    kinfra.yaml:2:1: unknown key `pasword`
      hint: did you mean `password`?
    kinfra.yaml:3:10: `on_stop` is `delete`, but must be `leave` or `pause`
    kinfra.yaml:4:13: `auto_pause` is `5s`, but must be at least `1m`
    "#);
}

#[test]
fn a_password_is_offered_only_where_it_can_be_had() {
    let offers =
        |text: &str| settings::<FakeSupabase>(text).0.unwrap().outputs().contains(&"password".to_owned());
    let with_password = "{ token: '${secret:api}', project: shop, password: '${secret:password}' }";
    assert_eq!([PROJECT, OWN, NAMED, with_password].map(offers), [false, true, true, true]);
}
