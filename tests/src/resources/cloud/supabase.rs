use std::time::Duration;

use kinfra_rpc::{ErrorCode, NodeState, Phase};
use serde_json::json;

use super::stage::{SOON, Stage};
use crate::clouds::spec::{Document, replay, validating_mock};
use crate::clouds::{Fault, Lag, Supabase, Token};
use crate::wait_until;

const SHOP: &str = "
project: shop
resources:
  db: {type: supabase, url: CLOUD, token: '${secret:cloud}', project: PROJECT}
services:
  api: {run: 'env > found; exec MISBEHAVE serve', depends_on: [db]}
";

const OWN: &str = "
project: shop
resources:
  db: {type: supabase, url: CLOUD, token: '${secret:cloud}', project: PROJECT, branch: instance}
services:
  api: {run: 'env > found; env; exec MISBEHAVE serve', depends_on: [db]}
";

const PAUSE: &str = "/v1/projects/*/pause";
const RESTORE: &str = "/v1/projects/*/restore";
const BRANCHES: &str = "/v1/projects/*/branches";

/// `project` by its name at the stand-in: `shop` costs nothing, and can be paused; `studio` is paid for, and has branches.
fn stage(text: &str, project: &str) -> Stage<Supabase> {
    let stage = Stage::new(text, |supabase: &Supabase| supabase.project(project).unwrap().reference.clone());
    stage.cloud.state().vendor.takes = Duration::from_millis(2500);
    stage
}

fn turn(stage: &Stage<Supabase>, status: &str) {
    stage.cloud.control(&json!({"do": "turn", "project": "shop", "status": status}));
}

/// The names of those that are not the project itself.
fn branches(stage: &Stage<Supabase>) -> Vec<String> {
    let state = stage.cloud.state();
    let others = state.vendor.branches.iter().filter(|branch| !branch.is_default);
    others.map(|branch| branch.name.clone()).collect()
}

#[test]
fn a_paused_project_is_restored_by_a_start_that_tells_how_it_goes_and_sends_nothing_twice() {
    let stage = stage(SHOP, "shop");
    turn(&stage, "INACTIVE");
    // It takes effect, nobody hears of that, and who looks sees it late.
    stage.cloud.fault(Fault::on("POST", RESTORE).after().reset());
    stage.cloud.lag(Lag::on("/v1/projects/*").reads(1));
    let mut start = stage.begin(&["up", "-d"]);
    let is_told = |node: &NodeState| {
        let told = ["being restored", "coming up"].iter().any(|word| {
            node.detail == format!("starting: {word}")
                || node.detail.starts_with(&format!("starting: {word} · "))
        });
        assert!(!(told && node.phase == Phase::Running), "{node:?}");
        told
    };
    wait_until("it to tell how it goes", SOON, || stage.seen_db().is_some_and(|node| is_told(&node)));
    assert!(start.wait().unwrap().success());
    assert_eq!(stage.count("POST", RESTORE), 1);
    assert_eq!(stage.cloud.state().vendor.project("shop").unwrap().status, "ACTIVE_HEALTHY");
    stage.run(&["down"]);
    assert_eq!(stage.count("POST", PAUSE), 0, "others may use it");
}

#[test]
fn why_supabase_restores_nothing_is_told_in_its_words() {
    let stage = stage(SHOP, "shop");
    turn(&stage, "INACTIVE");
    stage.cloud.control(&json!({"do": "restrict", "project": "shop"}));
    let (code, printed) = stage.try_run(&["up", "-d"]);
    assert_eq!((code, stage.count("POST", RESTORE)), (Some(1), 1), "{printed}");
    assert!(printed.contains("cannot restore the project"), "{printed}");
    assert!(printed.contains("This organization is currently under service restrictions."), "{printed}");
}

#[test]
fn a_pause_by_supabase_is_told_as_its_and_undone_by_a_word() {
    let stage = stage(SHOP, "shop");
    stage.run(&["up", "-d"]);
    turn(&stage, "INACTIVE");
    let node = stage.wait_until_paused(ErrorCode::ResourcePausedByVendor);
    assert_eq!(node.phase, Phase::Running, "{node:?}");
    assert!(node.detail.starts_with("Supabase has paused it: paused; "), "{node:?}");
    assert_eq!(stage.count("POST", RESTORE), 0, "nobody has asked for that");
    stage.run(&["resume", "db"]);
    stage.wait_for("it to go on", NodeState::is_healthy);
    assert_eq!(stage.count("POST", RESTORE), 1);
}

#[test]
fn a_pause_takes_a_yes_to_what_everybody_loses_by_it() {
    let stage = stage(SHOP, "shop");
    stage.run(&["up", "-d"]);
    let (code, printed) = stage.try_run(&["pause", "db"]);
    assert_eq!(code, Some(2), "{printed}");
    assert!(
        printed.contains("loses its database, API, sign-ins and files until it is restored"),
        "{printed}"
    );
    assert_eq!(stage.count("POST", PAUSE), 0);
    stage.run(&["pause", "db", "--yes"]);
    let node = stage.wait_until_paused(ErrorCode::ResourcePaused);
    assert_eq!((node.phase, stage.count("POST", PAUSE)), (Phase::Running, 1));
    let status = stage.run(&["status"]);
    assert!(status.contains("paused") && !status.contains("problem:"), "{status}");
    wait_until("it to be paused", SOON, || {
        stage.cloud.state().vendor.project("shop").unwrap().status == "INACTIVE"
    });
    stage.run(&["resume", "db"]);
    stage.wait_for("it to go on", NodeState::is_healthy);
    assert_eq!((stage.count("POST", RESTORE), stage.count("POST", PAUSE)), (1, 1));
}

#[test]
fn a_project_that_cant_be_paused_says_so_in_supabases_words_and_goes_on() {
    let stage = stage(SHOP, "studio");
    stage.run(&["up", "-d"]);
    let (code, printed) = stage.try_run(&["pause", "db", "--yes"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("Projects on a paid plan cannot be paused"), "{printed}");
    stage.inspect();
    stage.wait_for("it to be well", NodeState::is_healthy);
}

#[test]
fn an_instance_gets_a_branch_of_its_own_once_and_its_user_alone_deletes_it() {
    let stage = stage(OWN, "studio");
    stage.cloud.fault(Fault::on("POST", BRANCHES).after().reset());
    stage.cloud.lag(Lag::on(BRANCHES).reads(1));
    stage.run(&["up", "-d"]);
    let [name] = &*branches(&stage) else { panic!("{:?}", branches(&stage)) };
    assert!(name.starts_with("kinfra-shop-"), "{name}");
    stage.run(&["down"]);
    stage.run(&["up", "-d"]);
    assert_eq!((branches(&stage).len(), stage.count("POST", BRANCHES)), (1, 1));

    let (code, printed) = stage.try_run(&["resource", "db", "delete-branch", name]);
    assert_eq!(code, Some(2), "{printed}");
    assert!(printed.contains(&format!("Delete the branch {name} of studio at Supabase")), "{printed}");
    stage.run(&["remove"]);
    assert_eq!((branches(&stage).len(), stage.count("DELETE", "/v1/branches/*")), (1, 0), "it holds data");
    stage.run(&["up", "-d"]);
    stage.run(&["resource", "db", "delete-branch", name, "--yes"]);
    wait_until("the branch to be gone", SOON, || branches(&stage).is_empty());
}

#[test]
fn what_a_branch_is_connected_by_reaches_a_service_and_its_secrets_nobody_else() {
    let stage = stage(OWN, "studio");
    stage.run(&["up", "-d"]);
    let (reference, password) = {
        let state = stage.cloud.state();
        let branch = state.vendor.branches.iter().find(|branch| !branch.is_default).unwrap();
        let project = state.vendor.project(&branch.reference).unwrap();
        (project.reference.clone(), project.password.clone())
    };
    let url = format!("postgresql://postgres:{password}@db.{reference}.supabase.co:5432/postgres");
    assert_eq!(stage.found("DB_URL"), url);
    assert_eq!(stage.found("DB_PASSWORD"), password);
    assert_eq!(stage.found("DB_API_URL"), format!("https://{reference}.supabase.co"));
    let keys: Vec<_> = ["SERVICE_ROLE_KEY", "SECRET_KEY"].map(|key| stage.found(&format!("DB_{key}"))).into();
    assert!(keys[0].contains(".service_role.") && keys[1].starts_with("sb_secret_"), "{keys:?}");
    assert!(stage.found("DB_PUBLISHABLE_KEY").starts_with("sb_publishable_"));
    let pooled = stage.found("DB_POOLED_URL");
    assert!(pooled.starts_with(&format!("postgresql://postgres.{reference}:{password}@aws-0-")), "{pooled}");

    let env = stage.run(&["env", "api"]);
    assert!(env.contains("${secret:@shop/db/password}"), "{env}");
    for look in [
        &["logs", "api"][..],
        &["logs", "--json"],
        &["env", "api", "--reveal"],
        &["status", "--json"],
        &["events"],
        &["events", "--json"],
        &["resource", "db"],
        &["resource", "db", "--json"],
    ] {
        let printed = stage.run(look);
        let shown: Vec<_> =
            keys.iter().chain([&password]).filter(|secret| printed.contains(*secret)).collect();
        // Public keys of the stand-in begin as the password does: the whole of it is looked for.
        assert!(shown.is_empty(), "{look:?} shows {shown:?}: {printed}");
    }
}

#[test]
fn a_token_that_lacks_a_permission_is_told_by_the_permissions_name() {
    let mut stage = stage(SHOP, "shop");
    let held = ["organizations_read", "project_admin_read", "database_pooling_config_read"];
    stage.token = stage.cloud.add_token(Token::new("sbp_").may(&held));
    stage.run(&["up", "-d"]);
    let inspection = stage.inspect();
    let missing = &inspection.sign_in.missing;
    assert_eq!(missing, &["api_gateway_keys_read: the keys among its outputs"]);
    let printed = stage.run(&["resource", "db"]);
    assert!(printed.contains("api_gateway_keys_read") && printed.contains("paid plan"), "{printed}");
    let (code, printed) = stage.try_run(&["pause", "db", "--yes"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("the permission project_admin_write"), "{printed}");
    assert_eq!(stage.db().paused(), None, "what was refused is no pause");
}

#[test]
fn everything_that_supabase_is_asked_is_what_its_own_document_describes() {
    const NAME: &str = "everything_that_supabase_is_asked_is_what_its_own_document_describes";
    let (Some(document), Some(mock)) = (Document::of(NAME, "supabase"), validating_mock(NAME, "supabase"))
    else {
        return;
    };
    let free = stage(SHOP, "shop");
    free.run(&["up", "-d"]);
    free.run(&["pause", "db", "--yes"]);
    free.wait_until_paused(ErrorCode::ResourcePaused);
    free.run(&["resource", "db"]);
    free.run(&["down"]);
    free.run(&["up", "-d"]);
    assert_eq!(free.count("POST", RESTORE), 1);
    free.cloud.state().vendor.takes = Duration::from_secs(3600);
    free.run(&["pause", "db", "--yes"]);
    free.cloud.advance(Duration::from_secs(3600));
    free.wait_until_paused(ErrorCode::ResourcePaused);
    free.run(&["resume", "db"]);
    free.run(&["resource", "db", "cancel-restore", "--yes"]);

    let paid = stage(OWN, "studio");
    paid.run(&["up", "-d"]);
    paid.run(&["resource", "db", "create-branch", "preview"]);
    paid.run(&["resource", "db", "reset-branch", "preview", "--yes"]);
    paid.run(&["resource", "db", "delete-branch", "preview", "--yes"]);
    paid.run(&["resource", "db"]);
    paid.run(&["down"]);
    for stage in [free, paid] {
        let requests = stage.cloud.state().requests.all().to_vec();
        assert!(requests.len() > 15, "{}", requests.len());
        let faults = document.faults(&requests);
        assert!(faults.is_empty(), "{faults:#?}");
        assert_eq!(replay(&mock, &requests), [""; 0]);
    }
}
