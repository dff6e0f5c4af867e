//! The projects of `examples/`, each copied into a home of its own and run as a reader would.

use std::env::temp_dir;
use std::fs::{File, copy, create_dir_all, read_dir, read_to_string};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kinfra_engine::port_registry::is_free;
use kinfra_rpc::{NodeState, Phase, Protocol};
use serde_json::{Value, json};

use crate::tools::{Tool, have};
use crate::{TestHome, TestProject, http, wait_until};

const SOON: Duration = Duration::from_secs(10);
const PRODUCTION: &str = "https://mcp.example.com/api/mcp";
const DEVELOPMENT: &str = "https://mcpdev.example.com/api/mcp";

/// An example that runs, with what tells where its ports may be.
struct Running {
    project: TestProject,
    /// Preferred ports that somebody was on before.
    taken: Vec<u16>,
    /// Examples prefer certain ports of this machine: so one of them runs at a time, whoever runs its test.
    _turn: File,
}

/// None where the machine has no Python, which is said.
fn start(test: &str, name: &str, preferred: &[u16]) -> Option<Running> {
    if !have(test, &[Tool::Python]) {
        return None;
    }
    let turn = take_turn();
    let taken = preferred.iter().copied().filter(|port| !is_free(*port, Protocol::Tcp)).collect();
    let from = folder().join(name);
    let home = TestHome::new();
    let project = TestProject::at(home, name, &read_to_string(from.join("kinfra.yaml")).unwrap());
    copy_all(&from, project.folder());
    project.succeed(&["up", "-d"]);
    Some(Running { project, taken, _turn: turn })
}

impl Running {
    /// Each of these is healthy, and gives them.
    #[track_caller]
    fn healthy<const N: usize>(&self, names: [&str; N]) -> [NodeState; N] {
        let nodes = names.map(|name| self.project.node(name));
        assert!(nodes.iter().all(NodeState::is_healthy), "{nodes:#?}");
        nodes
    }

    /// What the proxy answers for this host of the project.
    #[track_caller]
    fn get(&self, host: &str, path: &str) -> http::Answer {
        let proxy = self.project.proxy_port();
        let answer = http::get(proxy, &format!("{host}.localhost:{proxy}"), path, "*/*");
        answer.unwrap_or_else(|| panic!("nothing answers {path} of {host}"))
    }

    #[track_caller]
    fn has_preferred(&self, node: &NodeState, preferred: u16) {
        let is_taken = self.taken.contains(&preferred);
        assert!(is_taken || node.port == Some(preferred), "{preferred} was free: {node:#?}");
    }

    fn leaves_nothing(self) {
        self.project.succeed(&["down"]);
        wait_until("its processes to be gone", SOON, || self.project.home.processes().is_empty());
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

fn copy_all(from: &Path, to: &Path) {
    create_dir_all(to).unwrap();
    for entry in read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            copy(entry.path(), &target).unwrap();
        }
    }
}

/// The kernel gives it back however a test ends.
fn take_turn() -> File {
    let user = rustix::process::getuid().as_raw();
    let folder = temp_dir().join(format!("kinfra-tests-{user}"));
    create_dir_all(&folder).unwrap();
    let turn = File::create(folder.join("examples")).unwrap();
    turn.lock().unwrap();
    turn
}

#[test]
fn every_example_has_a_test_and_a_line_in_the_table() {
    let readme = read_to_string(folder().join("README.md")).unwrap();
    let this = read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/examples.rs")).unwrap();
    for entry in read_dir(folder()).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            assert!(this.contains(&format!("start(test, \"{name}\"")), "{name} is not started here");
            assert!(
                readme.contains(&format!("| [{name}]({name}/kinfra.yaml) |")),
                "{name} is not in README.md"
            );
        }
    }
}

#[test]
fn atoms_is_an_mcp_server_that_is_found_here_and_elsewhere() {
    let test = "atoms_is_an_mcp_server_that_is_found_here_and_elsewhere";
    let Some(atoms) = start(test, "atoms", &[50_002]) else { return };
    let [server] = atoms.healthy(["server"]);
    atoms.has_preferred(&server, 50_002);
    assert!(server.detail.starts_with("healthy · atoms 1.0.0, "), "{}", server.detail);
    assert_eq!(atoms.project.node("check").phase, Phase::Stopped, "it was not named");
    let health = atoms.get("server.atoms", "/health");
    assert_eq!((health.status, &*health.body), (200, r#"{"status": "ok"}"#));
    assert_eq!(atoms.get("atoms", "/health").status, 200, "it is the project's main service");

    let endpoint = |variables: &[(&str, &str)]| {
        let mut command = atoms.project.command(&["mcp", "endpoint", "server"]);
        command.envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let local = endpoint(&[]);
    assert!(local.starts_with("http://") && local.ends_with("/api/mcp"), "{local}");
    let production = ("VERCEL_ENV", "production");
    assert_eq!(endpoint(&[production]), PRODUCTION);
    assert_eq!(endpoint(&[production, ("ATOMS_LOCAL_TEST", "true")]), local);
    assert_eq!(endpoint(&[production, ("ATOMS_USE_LOCAL_SERVER", "1")]), local);
    assert_eq!(endpoint(&[production, ("ATOMS_LOCAL_TEST", "false")]), PRODUCTION);
    assert_eq!(endpoint(&[("DEPLOY_ENV", "preview")]), DEVELOPMENT);
    assert_eq!(endpoint(&[("VERCEL_URL", "atoms.vercel.app")]), PRODUCTION);
    assert_eq!(endpoint(&[("VERCEL_URL", "atoms-1.preview.vercel.app")]), DEVELOPMENT, "the longer part");

    let mut config = atoms.project.command(&["mcp", "config", "server", "--client", "claude"]);
    let printed = config.env("VERCEL_ENV", "production").output().unwrap().stdout;
    let printed: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(printed, json!({"mcpServers": {"atoms-server": {"type": "http", "url": PRODUCTION}}}));

    atoms.project.succeed(&["up", "check"]);
    let check = atoms.project.node("check");
    assert!(check.is_done(), "{check:#?}");
    let said = atoms.project.succeed(&["logs", "check"]);
    assert!(said.contains("has count_words and counts 3"), "{said}");
    atoms.leaves_nothing();
}

#[test]
fn zen_answers_on_a_port_of_its_own_range() {
    let test = "zen_answers_on_a_port_of_its_own_range";
    let Some(zen) = start(test, "zen", &[]) else { return };
    let [server] = zen.healthy(["server"]);
    assert!((8000..=9000).contains(&server.port.unwrap()), "{server:#?}");
    assert_eq!(zen.get("server.zen", "/healthz").status, 200);
    let status: Value = serde_json::from_str(&zen.get("zen", "/status").body).unwrap();
    assert_eq!((&status["service"], &status["pid"]), (&json!("zen"), &json!(server.pid.unwrap())));
    assert!(server.exposures.is_empty(), "its public name is a comment: {server:#?}");

    // The comment is what it says: with it taken away, the name is one of the project's.
    let file = zen.project.folder().join("kinfra.yaml");
    let text = read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("# public:", "public:")).unwrap();
    let changes = zen.project.json(&["diff", "--json"]);
    let changed = |change: &Value| change["settings"].as_array().is_some_and(|it| it.iter().any(is_public));
    assert!(changes["changes"].as_array().unwrap().iter().any(changed), "{changes:#}");
    zen.leaves_nothing();
}

fn is_public(setting: &Value) -> bool {
    setting["key"].as_str().is_some_and(|key| key.starts_with("public"))
}

#[test]
fn byteport_is_a_page_and_its_api_at_one_address() {
    let test = "byteport_is_a_page_and_its_api_at_one_address";
    let Some(byteport) = start(test, "byteport", &[8000, 8001]) else { return };
    let [api, frontend] = byteport.healthy(["api", "frontend"]);
    byteport.has_preferred(&api, 8000);
    byteport.has_preferred(&frontend, 8001);
    assert!(api.started_at <= frontend.started_at, "the page waits for the API");

    let greeting: Value = serde_json::from_str(&byteport.get("byteport", "/api/greeting").body).unwrap();
    assert_eq!(greeting, json!({"GREETING": "Hello from the API", "LOG_LEVEL": "info"}));
    let page = byteport.get("byteport", "/").body;
    assert!(page.contains("<title>BytePort, local</title>"), "its env is laid over .env: {page}");
    assert!(page.contains("From here: Hello from the API"), "{page}");
    assert_eq!(byteport.get("frontend.byteport", "/apiary").body, page, "/api is no beginning of it");

    // What is watched is started anew, on its port.
    let file = byteport.project.folder().join("api/main.py");
    let text = read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("there is /api/health", "now there is /api/health")).unwrap();
    let told = || byteport.get("byteport", "/api/nothing").body.contains("now there is");
    wait_until("the changed API to answer", Duration::from_secs(30), told);
    assert_eq!(byteport.project.node("api").port, api.port);
    byteport.leaves_nothing();
}

#[test]
fn a_server_of_standard_input_and_output_answers_each_client_apart() {
    let test = "a_server_of_standard_input_and_output_answers_each_client_apart";
    let Some(server) = start(test, "mcp-server", &[]) else { return };
    let [notes] = server.healthy(["notes"]);
    assert!(notes.detail.starts_with("healthy · notes 1.0.0, "), "{}", notes.detail);
    let (one, other) = (Session::begin(&server), Session::begin(&server));
    one.ask("tools/call", &json!({"name": "add_note", "arguments": {"text": "buy milk"}}));
    let listed = |session: &Session<'_>| session.ask("tools/call", &json!({"name": "list_notes"}));
    assert!(listed(&one).contains("buy milk"));
    let others = listed(&other);
    assert!(others.contains("result") && !others.contains("milk"), "{others}");
    assert!(one.ask("tools/list", &json!({})).contains("list_notes"));
    assert!(one.ask("nothing/like/it", &json!({})).contains("unknown method"));
    server.leaves_nothing();
}

/// A client of an MCP server, by the proxy.
struct Session<'a> {
    of: &'a Running,
    header: String,
}

impl<'a> Session<'a> {
    #[track_caller]
    fn begin(of: &'a Running) -> Self {
        let mut session = Session { of, header: String::new() };
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        });
        let answer =
            session.post(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}));
        session.header = format!("Mcp-Session-Id: {}\r\n", answer.header("mcp-session-id").unwrap());
        let told = session.post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        assert_eq!(told.status, 202, "{told:?}");
        session
    }

    #[track_caller]
    fn ask(&self, method: &str, params: &Value) -> String {
        let answer = self.post(&json!({"jsonrpc": "2.0", "id": 2, "method": method, "params": params}));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    #[track_caller]
    fn post(&self, message: &Value) -> http::Answer {
        let proxy = self.of.project.proxy_port();
        let host = format!("notes.mcp-server.localhost:{proxy}");
        let answer = http::post(proxy, &host, "/mcp", &self.header, &message.to_string());
        answer.unwrap_or_else(|| panic!("nothing answers {message}"))
    }
}

#[test]
fn every_kinfra_yaml_of_the_migration_guide_is_a_configuration() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../MIGRATION.md");
    let text = read_to_string(guide).unwrap();
    let blocks: Vec<&str> =
        text.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert!(blocks.len() >= 4, "{blocks:#?}");
    for block in blocks {
        let project = TestProject::new(block);
        create_dir_all(project.folder().join("api")).unwrap();
        project.succeed(&["add"]);
    }
}
