//! Where the library led all names of a domain by one cloudflared, it wrote that one's pid over the servers'.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use kinfra_rpc::{MigratedService, PortStep};

use super::old_home::{OldHome, now, service};
use crate::{http, wait_for};

const SOON: Duration = Duration::from_secs(20);

/// A program of the library's user: it starts a server, and the library starts a cloudflared in it.
const PROGRAM: &str = "import subprocess, sys
server = subprocess.Popen([sys.executable, '-m', 'http.server', sys.argv[1], '--bind', '127.0.0.1'])
tunnel = subprocess.Popen([sys.argv[2], 'tunnel', '--config', sys.argv[3], 'run'])
print(server.pid, tunnel.pid, flush=True)
sys.stdin.read()
";

struct Unified {
    old: OldHome,
    program: Child,
    /// Open for as long as all of them are to be there.
    _input: ChildStdin,
    server: u32,
    cloudflared: u32,
}

impl Unified {
    fn new() -> Self {
        let old = OldHome::new();
        let config = old.user().join(".cloudflared/config-byte.yml");
        let rules = format!(
            "tunnel: 6ff4\ningress:\n- {{hostname: byte.example.com, service: 'http://127.0.0.1:{}'}}\n",
            old.port(0)
        );
        old.file(".cloudflared/config-byte.yml", &rules);
        old.file("app/app.py", PROGRAM);
        // One that only is there.
        old.file("app/cloudflared", "#!/bin/sh\nwhile read -r line; do :; done\n");
        let cloudflared = old.user().join("app/cloudflared");
        fs::set_permissions(&cloudflared, fs::Permissions::from_mode(0o755)).unwrap();
        let mut python = Command::new("python3");
        python.args(["app.py", &old.port(0).to_string()]).arg(&cloudflared).arg(&config);
        python.current_dir(old.user().join("app")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = python.stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        let pids: Vec<u32> = said.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
        let input = program.stdin.take().unwrap();
        let unified = Self { old, program, _input: input, server: pids[0], cloudflared: pids[1] };
        let port = unified.old.port(0);
        wait_for("the old server to answer", SOON, || http::get(port, "localhost", "/", "*/*"));
        wait_for("the cloudflared to be one", SOON, || {
            let name = fs::read_to_string(format!("/proc/{}/comm", unified.cloudflared)).unwrap_or_default();
            name.contains("cloudflared").then_some(())
        });
        unified.old.registry(&[format!(
            "\"byte\": {{\"assigned_port\": {port}, \"pid\": {}, \"last_seen\": {}, \"tunnel_id\": \"6ff4\", \
             \"tunnel_hostname\": \"byte.example.com\"}}",
            unified.cloudflared,
            now()
        )]);
        unified
    }

    fn planned(&self) -> MigratedService {
        service(&self.old.plan(), "python", "byte").clone()
    }

    fn is_there(pid: u32) -> bool {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    }
}

impl Drop for Unified {
    fn drop(&mut self) {
        for pid in [self.server, self.cloudflared] {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn a_server_whose_cloudflared_alone_is_noted_is_adopted_where_one_program_started_both() {
    let unified = Unified::new();
    let planned = unified.planned();
    assert_eq!((planned.step, planned.pid), (PortStep::Adopt, Some(unified.server)), "{planned:#?}");
    let old = &unified.old;
    old.apply();
    assert_eq!(old.kinfra(&["up", "byte", "-d", "--project", "python"]).code, Some(0));
    let (state, _) = old.json::<kinfra_rpc::ProjectState>(&["status", "--project", "python"]);
    let node = &state.nodes[0];
    assert!(node.adopted && node.pid == Some(unified.server), "{node:#?}");
    assert_eq!(old.kinfra(&["down", "--project", "python"]).code, Some(0));
    assert!(Unified::is_there(unified.server) && Unified::is_there(unified.cloudflared));
}

#[test]
fn without_that_program_it_is_told_what_was_seen_and_nobody_is_adopted() {
    let mut unified = Unified::new();
    // Those that it started go on, as somebody else's.
    unified.program.kill().unwrap();
    unified.program.wait().unwrap();
    let planned = unified.planned();
    assert_eq!((planned.step, planned.pid), (PortStep::Keep, None), "{planned:#?}");
    let told = planned.detail.unwrap();
    let noted = format!("noted only its cloudflared (pid {}) for byte", unified.cloudflared);
    assert!(told.contains(&noted) && told.contains(&format!("(pid {}) is on it", unified.server)), "{told}");
    unified.old.apply();
    assert!(Unified::is_there(unified.server) && Unified::is_there(unified.cloudflared));
    assert_eq!(unified.old.kept("python", "byte"), unified.old.port(0));
}
