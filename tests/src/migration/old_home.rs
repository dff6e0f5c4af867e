use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kinfra_rpc::{Migrated, MigratedService, MigrationPlan, MigrationUndone};
use serde::de::DeserializeOwned;

use crate::project::Printed;
use crate::{TestHome, http, wait_for};

const SOON: Duration = Duration::from_secs(20);

/// A user's folder as KInfra 1.0 left it, and a KInfra that knows nothing yet.
pub struct OldHome {
    pub home: TestHome,
}

impl OldHome {
    pub fn new() -> Self {
        Self { home: TestHome::new() }
    }

    /// With files of every kind. Ports are the test's own; [`OldHome::port`] has them by number.
    pub fn full() -> Self {
        let old = Self::new();
        let [api, web, pilot, zen, go, npm, hooks] = [0, 1, 2, 3, 4, 5, 6].map(|number| old.port(number));
        let tunnel = "\"tunnel_id\": \"byte-unified\", \"tunnel_hostname\": \"byte.example.com\"";
        let entries = [
            format!(
                "\"api\": {{\"assigned_port\": {api}, \"tunnel_id\": \"t1\", \"tunnel_hostname\": \"api.example.com\"}}"
            ),
            format!("\"my worker\": {{\"assigned_port\": {web}, \"pid\": null}}"),
            format!("\"byteport-api\": {{\"assigned_port\": {go}, {tunnel}}}"),
            format!("\"byteport-frontend\": {{\"assigned_port\": {npm}, {tunnel}}}"),
        ];
        old.registry(&entries);
        old.manager("pilot", pilot, "");
        old.manager("zen", zen, "");
        let rules = format!(
            "tunnel: byte-unified\ncredentials-file: /nowhere/1.json\ningress:\n\
             - {{hostname: byte.example.com, path: /api/*, service: 'http://127.0.0.1:{go}'}}\n\
             - {{hostname: byte.example.com, service: 'http://127.0.0.1:{npm}'}}\n- service: http_status:404\n"
        );
        old.file(".cloudflared/config-byte.yml", &rules);
        old.file(".cloudflared/cert.pem", "not for anybody's eyes\n");
        old.file("BytePort/byteport.py", "raise SystemExit\n");
        old.file("BytePort/backend/go.mod", "module byteport\n");
        old.file("BytePort/frontend/package.json", "{\"scripts\": {\"dev\": \"vite\"}}");
        old.file("zen/server_mcp_http.py", "raise SystemExit\n");
        let settings = "networking: {port_strategy: preferred, port_range: {min: 3000, max: 9999}}\n\
                        tunnel: {type: persistent, domain: zen.example.com}\n";
        old.file("zen/config/kinfra.yml", settings);
        let tunnels =
            format!("{{\"service\": \"hooks\", \"local_port\": {hooks}, \"domain\": \"hooks.example.com\"}}");
        old.file("hooks/.tunnel_config.json", &tunnels);
        old
    }

    /// Those that are looked into.
    pub fn folders(&self) -> Vec<String> {
        ["BytePort", "zen", "hooks"]
            .map(|name| self.user().join(name).to_string_lossy().into_owned())
            .to_vec()
    }

    pub fn port(&self, number: u16) -> u16 {
        self.home.ports().start() + number
    }

    /// The user's own folder.
    pub fn user(&self) -> PathBuf {
        self.home.path().join("user")
    }

    pub fn file(&self, name: &str, text: &str) {
        let path = self.user().join(name);
        fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(path, text)).unwrap();
    }

    pub fn registry(&self, entries: &[String]) {
        let entries = entries.join(", ");
        let text = format!("{{\"version\": \"1.0\", \"timestamp\": 1.5, \"services\": {{{entries}}}}}");
        self.file(".kinfra/port_registry.json", &text);
    }

    pub fn manager(&self, project: &str, port: u16, more: &str) {
        let text = format!("{{\"project_name\": \"{project}\", \"assigned_port\": {port}{more}}}");
        self.file(&format!(".kinfra_smart_infra/{project}_config.json"), &text);
    }

    #[track_caller]
    pub fn kinfra(&self, arguments: &[&str]) -> Printed {
        let output = self.home.command("kinfra").args(arguments).stdin(Stdio::null()).output();
        output.unwrap().into()
    }

    /// What it prints as JSON, and how it ends.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self, arguments: &[&str]) -> (T, Option<i32>) {
        let printed = self.kinfra(&[arguments, &["--json"]].concat());
        let value = serde_json::from_str(&printed.stdout);
        (value.unwrap_or_else(|error| panic!("{error} in {printed:#?}")), printed.code)
    }

    #[track_caller]
    pub fn plan(&self) -> MigrationPlan {
        let (plan, code) = self.migrate(&[]);
        assert_eq!(code, Some(0));
        plan
    }

    #[track_caller]
    pub fn apply(&self) -> Migrated {
        let (migrated, code): (Migrated, _) = self.migrate(&["--yes"]);
        assert_eq!((code, &migrated.problems[..]), (Some(0), &[][..]));
        migrated
    }

    #[track_caller]
    pub fn undo(&self) -> (MigrationUndone, Option<i32>) {
        self.json(&["migrate", "--undo"])
    }

    /// With the folders that are there.
    #[track_caller]
    fn migrate<T: DeserializeOwned>(&self, more: &[&str]) -> (T, Option<i32>) {
        let user = self.user();
        let folders = self.folders();
        let present = folders.iter().map(String::as_str).filter(|folder| Path::new(folder).is_dir());
        let arguments = ["migrate", "--from", user.to_str().unwrap()].into_iter().chain(present);
        self.json(&arguments.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// The stored port of a service.
    #[track_caller]
    pub fn kept(&self, project: &str, service: &str) -> u16 {
        let printed = self.kinfra(&["port", service, "--project", project]);
        printed.stdout.trim().parse().unwrap_or_else(|_| panic!("{service} of {project}: {printed:#?}"))
    }

    /// The stored port of a service of the project in one of the user's folders, whatever that is called.
    #[track_caller]
    pub fn kept_in(&self, folder: &str, service: &str) -> u16 {
        let mut command = self.home.command("kinfra");
        let printed: Printed =
            command.args(["port", service]).current_dir(self.user().join(folder)).output().unwrap().into();
        printed.stdout.trim().parse().unwrap_or_else(|_| panic!("{service} in {folder}: {printed:#?}"))
    }

    /// Moves just these folders over, and what belongs to none.
    #[track_caller]
    pub fn apply_to(&self, folders: &[&str]) -> Migrated {
        let user = self.user();
        let bare = user.join("nothing");
        fs::create_dir_all(&bare).unwrap();
        let paths = folders.iter().map(|folder| user.join(folder)).chain(folders.is_empty().then_some(bare));
        let paths: Vec<String> = paths.map(|path| path.to_string_lossy().into_owned()).collect();
        let arguments = ["migrate", "--from", user.to_str().unwrap(), "--yes"].into_iter();
        let (migrated, code): (Migrated, _) =
            self.json(&arguments.chain(paths.iter().map(String::as_str)).collect::<Vec<_>>());
        assert_eq!((code, &migrated.problems[..]), (Some(0), &[][..]), "{migrated:#?}");
        migrated
    }

    /// Whose each port is, as it is stored.
    #[track_caller]
    pub fn claims(&self) -> serde_json::Value {
        let (ports, _) = self.json::<serde_json::Value>(&["ports"]);
        ports["claims"].clone()
    }

    /// The projects that have ports, in the order of their names.
    #[track_caller]
    pub fn slugs(&self) -> Vec<String> {
        let claims = self.claims();
        let slugs =
            claims.as_array().unwrap().iter().map(|claim| claim["project"].as_str().unwrap().to_owned());
        slugs.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    /// Every file of the user's, with its bytes, and all that KInfra wrote for Python.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.user(), self.home.home().generated_projects()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
        files
    }
}

#[track_caller]
pub fn service<'p>(plan: &'p MigrationPlan, project: &str, name: &str) -> &'p MigratedService {
    let project = plan.projects.iter().find(|known| known.name == project);
    let found = project.and_then(|project| project.services.iter().find(|service| service.name == name));
    found.unwrap_or_else(|| panic!("no {name} in {plan:#?}"))
}

/// A server that the library had started.
pub struct OldServer {
    process: Child,
    pub port: u16,
}

impl OldServer {
    pub fn start(old: &OldHome, folder: &str, port: u16) -> Self {
        let text = "import http.server, sys\n\
                    http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')\n";
        old.file(&format!("{folder}/server.py"), text);
        old.file(&format!("{folder}/index.html"), "the old server's page");
        let mut python = Command::new("python3");
        python.args(["server.py", &port.to_string()]).current_dir(old.user().join(folder));
        let process = python.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { process, port };
        wait_for("the old server to answer", SOON, || http::get(port, "localhost", "/", "*/*"));
        server
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }
}

impl Drop for OldServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In seconds since 1970, as the library wrote times.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}
