//! A cloudflared of the library's that runs: it goes on, is known, and hands its names over.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kinfra_rpc::{ConnectorStep, FormerConnector, NodeState, ProjectState, TunnelStatus};
use serde_json::{Value, json};

use super::old_home::{OldHome, OldServer, now};
use crate::cloudflare::{Cloudflare, settings};
use crate::project::Printed;
use crate::{bin, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(40);
const HOST: &str = "byte.example.com";
const CONFIGURATIONS: &str = "/accounts/*/cfd_tunnel/*/configurations";

/// As the library left it: a server, and a cloudflared that leads a name to it, by the rules of a file.
struct Moving {
    old: OldHome,
    cloudflare: Cloudflare,
    server: OldServer,
    connector: Child,
    tunnel: String,
}

impl Moving {
    fn new() -> Self {
        let (old, cloudflare) = (OldHome::new(), Cloudflare::start());
        let programs = old.home.path().join("programs");
        fs::create_dir_all(&programs).unwrap();
        let program = programs.join("cloudflared");
        symlink(bin("fake-cloudflared"), &program).unwrap();
        let config = old.home.home().config;
        fs::create_dir_all(&config).unwrap();
        fs::write(config.join("settings.yaml"), settings(&cloudflare, &program)).unwrap();

        let server = OldServer::start(&old, "pilot", old.port(0));
        let tunnel = {
            let mut state = cloudflare.state();
            let tunnel = state.add_tunnel("byte-unified");
            state.tunnel_mut(&tunnel.id).config_src = "local".to_owned();
            state.add_record("CNAME", HOST, &tunnel.target(), true);
            tunnel
        };
        let secret = BASE64_STANDARD.encode(&tunnel.secret);
        let credentials =
            json!({"AccountTag": tunnel.account, "TunnelID": tunnel.id, "TunnelSecret": secret});
        let of_tunnel = format!(".cloudflared/{}.json", tunnel.id);
        old.file(&of_tunnel, &credentials.to_string());
        let rules = format!(
            "tunnel: {}\ncredentials-file: {}\ningress:\n- {{hostname: {HOST}, service: 'http://127.0.0.1:{}'}}\n\
             - service: http_status:404\n",
            tunnel.id,
            old.user().join(of_tunnel).display(),
            server.port
        );
        old.file(".cloudflared/config-byte.yml", &rules);
        let config = old.user().join(".cloudflared/config-byte.yml");
        let mut command = Command::new(&program);
        command.envs(old.home.environment()).current_dir(old.home.path());
        command.args(["tunnel", "--config", config.to_str().unwrap(), "run"]);
        // Nobody is there to read what it says, as with the library; its own tests say what becomes of a full pipe.
        command.env("TUNNEL_EDGE", cloudflare.edge()).stderr(Stdio::null()).stdout(Stdio::null());
        let connector = command.spawn().unwrap();
        let moving = Self { old, cloudflare, server, connector, tunnel: tunnel.id };
        moving.noted_at(now());
        let running = format!(
            ", \"server_running\": true, \"process_pid\": {}, \"server_start_time\": {}",
            moving.server.pid(),
            now()
        );
        moving.old.manager("pilot", moving.server.port, &running);
        wait_until("the old tunnel to serve", SOON, || moving.status() == Some(200));
        moving
    }

    /// What the library wrote down of its cloudflared, at this time.
    fn noted_at(&self, seen_at: f64) {
        self.old.registry(&[format!(
            "\"pilot\": {{\"assigned_port\": {}, \"pid\": {}, \"last_seen\": {seen_at}, \"tunnel_id\": \"{}\", \
             \"tunnel_hostname\": \"{HOST}\"}}",
            self.server.port,
            self.connector.id(),
            self.tunnel
        )]);
    }

    /// What a visitor gets.
    fn status(&self) -> Option<u16> {
        self.cloudflare.visit(HOST, "/").ok().map(|answer| answer.status)
    }

    /// The project runs, in an engine that has the account's token.
    #[track_caller]
    fn up(&self) {
        let mut command = self.old.home.command("kinfra");
        command.args(["up", "server", "-d", "--project", "pilot"]).stdin(Stdio::null());
        command.env("KINFRA_SECRET_CLOUDFLARE_MAIN", self.cloudflare.token());
        let printed: Printed = command.output().unwrap().into();
        assert_eq!(printed.code, Some(0), "{printed:#?}");
    }

    #[track_caller]
    fn succeed(&self, arguments: &[&str]) -> String {
        let printed = self.old.kinfra(arguments);
        assert_eq!(printed.code, Some(0), "{arguments:?}: {printed:#?}");
        printed.stdout
    }

    fn node(&self) -> NodeState {
        let (state, _) = self.old.json::<ProjectState>(&["status", "--project", "pilot"]);
        state.nodes.into_iter().find(|node| node.name == "server").unwrap()
    }

    fn known(&self) -> Vec<FormerConnector> {
        let (report, _) = self.old.json::<Value>(&["tunnels"]);
        serde_json::from_value(report["former_connectors"].clone()).unwrap()
    }

    fn retire(&self) -> Printed {
        self.old.kinfra(&["tunnels", "retire", &self.tunnel, "--yes"])
    }

    fn is_running(&mut self) -> bool {
        self.connector.try_wait().unwrap().is_none()
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        let _ = self.connector.kill();
        let _ = self.connector.wait();
    }
}

#[test]
fn an_old_cloudflared_goes_on_and_hands_its_names_over_without_a_visitor_noticing() {
    let mut moving = Moving::new();
    let plan = moving.old.plan();
    let [tunnel] = &plan.tunnels[..] else { panic!("{plan:#?}") };
    assert_eq!((tunnel.pid, tunnel.connector), (Some(moving.connector.id()), Some(ConnectorStep::Know)));
    let adopt = tunnel.command.clone();
    moving.old.apply();
    let again = moving.old.plan();
    assert_eq!((again.pending, again.tunnels[0].connector), (false, Some(ConnectorStep::Known)));

    let is_over = AtomicBool::new(false);
    let visits = thread::scope(|scope| {
        let visitor = scope.spawn(|| {
            let mut visits = vec![];
            while !is_over.load(Ordering::Relaxed) {
                visits.push(moving.cloudflare.visit(HOST, "/").map_or(0, |answer| answer.status));
            }
            visits
        });
        let over = Over(&is_over);
        moving.up();
        moving.succeed(&["accounts", "add", "main", "--stored"]);
        let [known] = &moving.known()[..] else { panic!("one is known") };
        assert_eq!((known.pid, known.hosts.as_slice()), (moving.connector.id(), &[HOST.to_owned()][..]));
        assert!(moving.succeed(&["tunnels"]).contains("LEFT BY KINFRA 1.0"));
        wait_until("the name to be seen as another's", SOON, || {
            moving.node().exposures.first().is_some_and(|it| it.status == TunnelStatus::Down)
        });
        let refused = moving.retire();
        assert!(refused.code == Some(1) && refused.stderr.contains("goes on"), "{refused:#?}");

        // Cloudflare has the tunnel as its own from then on.
        let id = moving.tunnel.clone();
        moving.cloudflare.after_next("PUT", CONFIGURATIONS, move |state| {
            state.tunnel_mut(&id).config_src = "cloudflare".to_owned();
        });
        let adopt: Vec<&str> = adopt.split(' ').skip(1).collect();
        let adopted = moving.succeed(&adopt);
        assert!(adopted.contains("byte-unified is the tunnel of this machine now"), "{adopted}");
        wait_until("the name to be handed over", SOON, || {
            moving.node().exposures.first().is_some_and(|it| it.status == TunnelStatus::Healthy)
        });
        let retired = moving.retire();
        assert_eq!(retired.code, Some(0), "{retired:#?}");
        wait_until("nothing to be left", SOON, || moving.known().is_empty());
        drop(over);
        visitor.join().unwrap()
    });
    assert!(visits.len() > 20 && visits.iter().all(|status| *status == 200), "{visits:?}");
    // By KInfra's own alone.
    assert!(!moving.is_running());
    assert_eq!(moving.status(), Some(200));
    assert!(!moving.server.has_ended());
    let record = moving.cloudflare.state().record(HOST).unwrap().clone();
    assert_eq!(record.content, format!("{}.cfargotunnel.com", moving.tunnel));
}

/// The visitor goes also when the test fails.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_cloudflared_that_the_library_did_not_note_is_shown_and_left_alone() {
    let mut moving = Moving::new();
    // As if the pid had been another's then: this one was started later than the library says.
    moving.noted_at(5.0);
    let plan = moving.old.plan();
    assert_eq!(plan.tunnels[0].pid, Some(moving.connector.id()));
    assert_eq!(plan.tunnels[0].connector, Some(ConnectorStep::Stranger));
    let user = moving.old.user();
    let printed = moving.succeed(&["migrate", "--from", user.to_str().unwrap()]);
    assert!(printed.contains("is not known to be the library's own"), "{printed}");
    moving.old.apply();
    moving.up();
    assert_eq!(moving.known(), []);
    let refused = moving.retire();
    assert!(
        refused.code == Some(2) && refused.stderr.contains("no cloudflared of KInfra 1.0 is known"),
        "{refused:#?}"
    );
    assert!(moving.is_running());
    assert_eq!(moving.status(), Some(200));
}

#[test]
fn what_is_known_of_an_old_cloudflared_outlives_the_engine_and_ends_with_its_process_or_an_undo() {
    let mut moving = Moving::new();
    moving.old.apply();
    moving.up();
    let before = moving.known();
    assert_eq!(before.len(), 1);
    moving.succeed(&["quit"]);
    assert_eq!(moving.status(), Some(200), "it is none of KInfra's services");
    moving.up();
    assert_eq!(moving.known(), before);
    moving.succeed(&["down", "--project", "pilot"]);
    let (undone, code) = moving.old.undo();
    assert_eq!(code, Some(0), "{undone:#?}");
    assert!(undone.done.iter().any(|done| done.contains("runs on")), "{undone:#?}");
    assert_eq!((moving.is_running(), moving.status()), (true, Some(200)));

    moving.old.apply();
    moving.up();
    assert_eq!(moving.known(), before);
    moving.connector.kill().unwrap();
    wait_until("its end to be heard of", SOON, || moving.known().is_empty());
    let refused = moving.retire();
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    // It is found no more, and plans go on.
    let plan = wait_for("a plan", SOON, || Some(moving.old.plan()));
    assert_eq!((plan.pending, plan.tunnels[0].pid), (false, None));
}
