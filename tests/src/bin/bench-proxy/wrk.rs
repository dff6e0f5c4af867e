use std::process::Stdio;

use crate::cpus;
use crate::tools::{Tool, find};
use crate::world::{Service, World};

/// What wrk is to print in the end, in the place of a report for people.
const SCRIPT: &str = r#"
done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"#;

#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub connections: u32,
    pub seconds: u32,
    /// Whether each request has a connection of its own.
    pub closing: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    pub requests: f64,
    pub per_second: f64,
    /// In milliseconds.
    pub half: f64,
    /// In milliseconds: 99 of 100 took at most so long.
    pub most: f64,
    /// Requests that were not answered, or not with what was asked for.
    pub errors: f64,
}

/// Loads a file of the upstream through a proxy.
///
/// # Errors
/// When wrk is not there or fails.
pub fn load(world: &World, tool: Tool, file: &str, load: Load) -> Result<Loaded, String> {
    let wrk = find("wrk")?;
    let script = world.write("wrk.lua", SCRIPT);
    let mut command = world.command(cpus::on(cpus::LOAD, &wrk.program));
    command.env("LD_LIBRARY_PATH", &wrk.libraries).stdout(Stdio::piped());
    let connections = format!("-c{}", load.connections);
    command.args(["-t1", &connections, &format!("-d{}s", load.seconds), "--timeout", "10s"]);
    command.args(["-H", &format!("Host: {}", Service::Files.host())]);
    if load.closing {
        command.args(["-H", "Connection: close"]);
    }
    command.arg("-s").arg(script);
    command.arg(format!("http://127.0.0.1:{}/{file}", world.port(tool, Service::Files)));
    let output = command.output().map_err(|error| format!("wrk can't be started: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    read(&text).ok_or_else(|| format!("wrk ends with {} and says {text:?}", output.status))
}

fn read(text: &str) -> Option<Loaded> {
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT "))?;
    let numbers: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [requests, microseconds, half, most, errors] = numbers[..] else { return None };
    Some(Loaded {
        requests,
        per_second: requests / microseconds * 1e6,
        half: half / 1e3,
        most: most / 1e3,
        errors,
    })
}
