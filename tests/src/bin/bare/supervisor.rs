use std::collections::HashMap;
use std::env::current_exe;
use std::io::Result;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{WaitOptions, wait};

/// Between two tries to connect: short against what a program takes to begin.
const PAUSE: Duration = Duration::from_micros(200);

/// Runs the services, and each one anew that was killed, until all have ended by themselves.
pub fn supervise(first: u16, count: u16, socket: Option<&str>) -> Result<()> {
    let program = current_exe()?;
    let ports = first..first + count;
    let started = ports.clone().map(|port| Ok((spawn(&program, port, socket)?, port)));
    let mut running: HashMap<i32, u16> = started.collect::<Result<_>>()?;
    for port in ports {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            sleep(PAUSE);
        }
    }
    while let Some((pid, status)) = wait(WaitOptions::empty())? {
        let Some(port) = running.remove(&pid.as_raw_pid()) else { continue };
        if status.exit_status() != Some(0) {
            running.insert(spawn(&program, port, socket)?, port);
        } else if running.is_empty() {
            break;
        }
    }
    Ok(())
}

fn spawn(program: &PathBuf, port: u16, socket: Option<&str>) -> Result<i32> {
    let mut command = Command::new(program);
    command.args(["serve", &port.to_string()]).args(socket);
    // Dropping the handle neither waits nor ends: all are waited for at once.
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    Ok(child.id().cast_signed())
}
