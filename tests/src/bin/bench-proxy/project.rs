//! KInfra's project, whose services are the upstream of every proxy.

use std::env::current_exe;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use kinfra_tests::bin;

use crate::engine::PROJECT;
use crate::tools::find;
use crate::world::World;
use crate::{cpus, peers};

/// Gives its folder. `files` is nginx, `own` is this program, and `side` is nobody's upstream.
///
/// # Errors
/// When nginx isn't installed.
pub fn write(world: &World) -> Result<PathBuf, String> {
    let nginx = find("nginx")?;
    let mine = current_exe().map_err(|error| format!("cannot tell my own path: {error}"))?;
    let configuration = configuration(world).display().to_string();
    let (files, own) = (world.ports.files.to_string(), world.ports.own.to_string());
    let mut text = format!("project: {PROJECT}\nservices:\n");
    let mut service = |name: &str, port: &str, program: &Path, arguments: &[&str]| {
        let (cpu, program) = (cpus::LOAD.to_string(), program.display().to_string());
        let words = [&["taskset", "--cpu-list", &cpu, &program], arguments].concat();
        let _ = writeln!(text, "  {name}:\n    run: {words:?}\n    port: {port}");
    };
    service("side", "auto", &bin("bare"), &["serve", "-"]);
    service("own", &own, &mine, &["upstream", &own]);
    service("files", &files, &nginx.program, &["-e", "stderr", "-c", &configuration]);
    let _ = writeln!(text, "    env: {{LD_LIBRARY_PATH: {:?}}}", nginx.libraries.display().to_string());
    Ok(world.home().project(PROJECT, &text))
}

/// nginx with two files, and where it is told so.
fn configuration(world: &World) -> PathBuf {
    for (name, size) in [("1k", 1024), ("64k", 65536)] {
        world.write(name, &"x".repeat(size));
    }
    let (port, folder) = (world.ports.files, world.folder().display());
    let http = format!("server {{ listen 127.0.0.1:{port}; root {folder}; open_file_cache max=10; }}");
    world.write("files.conf", &peers::nginx(world, port, &http))
}
