use kinfra_rpc::{PortStep, ProjectState};

use super::old_home::{OldHome, OldServer, now, service};
use crate::{http, wait_for};

const SOON: std::time::Duration = std::time::Duration::from_secs(20);

/// One server that the registry knows, one of a manager's.
fn running() -> (OldHome, [OldServer; 2]) {
    let old = OldHome::new();
    let api = OldServer::start(&old, "api", old.port(0));
    let pilot = OldServer::start(&old, "pilot", old.port(1));
    let entry = format!(
        "\"api\": {{\"assigned_port\": {}, \"pid\": {}, \"last_seen\": {}}}",
        api.port,
        api.pid(),
        now()
    );
    old.registry(&[entry]);
    let more = format!(
        ", \"server_running\": true, \"process_pid\": {}, \"server_start_time\": {}",
        pilot.pid(),
        now()
    );
    old.manager("pilot", pilot.port, &more);
    (old, [api, pilot])
}

#[test]
fn old_servers_that_run_are_adopted_and_never_ended() {
    let (old, mut servers) = running();
    let plan = old.plan();
    for (server, [project, name]) in servers.iter().zip([["python", "api"], ["pilot", "server"]]) {
        let planned = service(&plan, project, name);
        assert_eq!((planned.step, planned.pid), (PortStep::Adopt, Some(server.pid())), "{planned:#?}");
    }
    old.apply();
    assert!(!old.plan().pending);
    for (server, [project, name]) in servers.iter_mut().zip([["python", "api"], ["pilot", "server"]]) {
        let up = old.kinfra(&["up", name, "-d", "--project", project]);
        assert_eq!(up.code, Some(0), "{up:#?}");
        let (state, _) = old.json::<ProjectState>(&["status", "--project", project]);
        let node = state.nodes.iter().find(|node| node.name == name).unwrap();
        assert!(node.adopted && node.is_healthy(), "{node:#?}");
        assert_eq!((node.port, node.pid), (Some(server.port), Some(server.pid())));
        assert!(!server.has_ended());
    }
    // While they are in use nothing is taken back.
    let (undone, code) = old.undo();
    assert_eq!(code, Some(1));
    assert!(undone.kept.iter().any(|kept| kept.contains("kinfra down")), "{undone:#?}");
    for project in ["python", "pilot"] {
        assert_eq!(old.kinfra(&["down", "--project", project]).code, Some(0));
    }
    let (undone, code) = old.undo();
    assert_eq!((code, undone.found), (Some(0), true), "{undone:#?}");
    for server in &mut servers {
        assert!(!server.has_ended());
        let page = wait_for("the old server", SOON, || http::get(server.port, "localhost", "/", "*/*"));
        assert_eq!(page.body, "the old server's page");
    }
}

#[test]
fn a_pid_alone_is_nobodys() {
    let (old, servers) = running();
    let [api, pilot] = &servers;
    // As if the pids had been others' then: these were started later than the library says.
    old.registry(&[format!(
        "\"api\": {{\"assigned_port\": {}, \"pid\": {}, \"last_seen\": 5.0}}",
        api.port,
        api.pid()
    )]);
    let more =
        format!(", \"server_running\": true, \"process_pid\": {}, \"server_start_time\": 5.0", pilot.pid());
    old.manager("pilot", pilot.port, &more);
    let plan = old.plan();
    for [project, name] in [["python", "api"], ["pilot", "server"]] {
        let planned = service(&plan, project, name);
        assert_eq!(planned.step, PortStep::Keep);
        assert!(planned.detail.as_ref().unwrap().contains("is left alone"), "{planned:#?}");
    }
}
