//! What others use: where it is, and how it is told to run the same services.

use std::fmt::Write;
use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::stage::Stage;

/// `scripts/bench.sh` installs each of them here, in a folder `NAME-VERSION`.
const FOLDER: &str = "target/bench-tools";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Honcho,
    Supervisord,
    Pm2,
    Mprocs,
    Pitchfork,
}

impl Peer {
    pub const ALL: [Self; 5] = [Self::Honcho, Self::Supervisord, Self::Pm2, Self::Mprocs, Self::Pitchfork];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Honcho => "honcho",
            Self::Supervisord => "supervisor",
            Self::Pm2 => "pm2",
            Self::Mprocs => "mprocs",
            Self::Pitchfork => "pitchfork",
        }
    }

    /// What a reader of the starts has to know.
    pub const fn start_note(self) -> &'static str {
        match self {
            Self::Honcho | Self::Supervisord => "",
            Self::Pm2 | Self::Pitchfork => "its daemon's start included",
            Self::Mprocs => "on a terminal made by script(1)",
        }
    }

    /// What a reader of the restarts has to know.
    pub const fn restart_note(self) -> &'static str {
        match self {
            Self::Honcho => "restarts nothing: it ends all",
            Self::Supervisord => "waits 1 s",
            Self::Pm2 | Self::Mprocs => "",
            Self::Pitchfork => "looks every 10 s",
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Honcho => "bin/honcho",
            Self::Supervisord => "bin/supervisord",
            Self::Pm2 => "node_modules/.bin/pm2",
            Self::Mprocs => "bin/mprocs",
            Self::Pitchfork => "bin/pitchfork",
        }
    }

    /// Writes its configuration, all defaults but for what a restart needs, and gives the command.
    pub fn command(self, program: &Path, stage: &Stage) -> Command {
        match self {
            Self::Honcho => honcho(program, stage),
            Self::Supervisord => supervisord(program, stage),
            Self::Pm2 => pm2(program, stage),
            Self::Mprocs => mprocs(program, stage),
            Self::Pitchfork => pitchfork(program, stage),
        }
    }
}

/// None when it isn't installed.
pub fn find(peer: Peer) -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?.join(FOLDER);
    let begins = format!("{}-", peer.name());
    let all = read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let named =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&begins));
    all.filter(named).map(|path| path.join(peer.program())).filter(|program| program.is_file()).max()
}

/// `pm2 7.0.4`, as its folder says.
pub fn version(peer: Peer, program: &Path) -> String {
    let folder = program.ancestors().nth(Path::new(peer.program()).components().count());
    let name = folder.and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    name.replacen('-', " ", 1)
}

/// Its commands go through a shell, which `exec` replaces.
fn honcho(program: &Path, stage: &Stage) -> Command {
    let mut text = String::new();
    for (name, words) in stage.services() {
        let _ = writeln!(text, "{name}: exec {}", words.join(" "));
    }
    let file = stage.write("Procfile", &text);
    let mut command = stage.command(program);
    command.arg("start").arg("-f").arg(file);
    command
}

fn supervisord(program: &Path, stage: &Stage) -> Command {
    let folder = stage.folder().display();
    let mut text = format!(
        "[supervisord]\nnodaemon=true\nuser=root\nlogfile={folder}/supervisord.log\npidfile={folder}/supervisord.pid\n\
         childlogdir={folder}\n"
    );
    for (name, words) in stage.services() {
        let _ = writeln!(text, "[program:{name}]\ncommand={}\nautorestart=true", words.join(" "));
    }
    let file = stage.write("supervisord.conf", &text);
    let mut command = stage.command(program);
    command.arg("-c").arg(file);
    command
}

fn pm2(program: &Path, stage: &Stage) -> Command {
    let app = |(name, words): (String, Vec<String>)| json!({ "name": name, "script": words[0], "args": words[1..], "interpreter": "none" });
    let apps: Vec<_> = stage.services().map(app).collect();
    let file = stage.write("ecosystem.config.json", &json!({ "apps": apps }).to_string());
    let mut command = stage.command(program);
    command.arg("start").arg(file).env("PM2_HOME", stage.folder().join("pm2"));
    command
}

fn mprocs(program: &Path, stage: &Stage) -> Command {
    let process = |(name, words)| (name, json!({ "cmd": words, "autorestart": true }));
    let processes: serde_json::Map<_, _> = stage.services().map(process).collect();
    let file = stage.write("mprocs.yaml", &json!({ "procs": processes }).to_string());
    let mut command = stage.command(Path::new("script"));
    let shown = format!("stty rows 50 columns 160; exec {} --config {}", program.display(), file.display());
    // script(1) ends when it has read all of its input: this one stays open as long as its handle.
    command.args(["--quiet", "--command", &shown, "/dev/null"]).stdin(Stdio::piped());
    command.env("TERM", "xterm-256color");
    command
}

fn pitchfork(program: &Path, stage: &Stage) -> Command {
    let mut text = String::new();
    for (name, words) in stage.services() {
        let _ =
            writeln!(text, "[daemons.{name}]\nrun = {:?}\nretry = true", format!("exec {}", words.join(" ")));
        let _ = writeln!(text, "ready_port = {}", words[2]);
    }
    stage.write("pitchfork.toml", &text);
    let mut command = stage.command(program);
    command.args(["start", "--local"]).env("HOME", stage.folder());
    for (variable, name) in [("STATE_DIR", "state"), ("CONFIG_DIR", "config"), ("HOSTS_FILE", "hosts")] {
        command.env(format!("PITCHFORK_{variable}"), stage.folder().join(name));
    }
    command
}
