//! Whatever happens, in whatever order: no service runs twice, and in the end all is well or nothing is left.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use kinfra_rpc::Health;
use rustix::process::{Pid, Signal, kill_process};

use crate::dice::Dice;
use crate::{TestProject, wait_until};

const SOON: Duration = Duration::from_secs(30);

/// How many processes each of them is.
const SERVICES: [(&str, usize); 3] = [("store", 1), ("api", 1), ("web", 2)];

#[test]
fn a_stack_survives_forty_things_that_happen_to_it() {
    survive(40);
}

#[test]
#[ignore = "deep"]
fn a_stack_survives_two_thousand_things_that_happen_to_it() {
    survive(2_000);
}

fn survive(steps: usize) {
    let mut dice = Dice::new();
    let shop = TestProject::example();
    write(&shop, 0);
    let mut commands: Vec<Child> = vec![];
    for step in 0..steps {
        let (service, _) = SERVICES[dice.throw(SERVICES.len())];
        let done = match dice.throw(11) {
            0 | 1 => begin(&shop, &["up", "-d"], &mut commands),
            2 => begin(&shop, &["up", "-d", service], &mut commands),
            3 => begin(&shop, &["down", service], &mut commands),
            4 => begin(&shop, &["restart", service], &mut commands),
            5 => begin(&shop, &["down"], &mut commands),
            6 => kill(&shop, &format!("serve-example {service}")),
            7 => kill(&shop, "kinfra-keeper"),
            8 => kill(&shop, "kinfra host"),
            9 => {
                write(&shop, step);
                begin(&shop, &["apply"], &mut commands)
            }
            _ => finish(&shop, &mut commands),
        };
        println!("{step}: {done}");
        for (service, most) in SERVICES {
            let running = processes(&shop, &format!("serve-example {service}"));
            assert!(running.len() <= most, "{service} runs {} times after {done}", running.len());
        }
    }
    finish(&shop, &mut commands);
    shop.succeed(&["up", "-d"]);
    for name in ["store", "api", "web", "web.2"] {
        assert_eq!(shop.node(name).health, Health::Healthy, "{name}");
    }
    shop.succeed(&["down"]);
    wait_until("all processes to be gone", SOON, || shop.home.processes().is_empty());
}

/// The example with two replicas of web, and something in api and web that tells one version from another.
fn write(shop: &TestProject, version: usize) {
    let path = shop.folder().join("kinfra.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().filter(|line| !line.contains("VERSION") && !line.contains("replicas"));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    for url in ["STORE_URL", "API_URL"] {
        text = text.replace(&format!("      {url}"), &format!("      VERSION: {version}\n      {url}"));
    }
    std::fs::write(&path, format!("{text}\n    replicas: 2\n")).unwrap();
}

/// Begins a command and does not wait for it: the next thing happens in the midst of it.
fn begin(shop: &TestProject, arguments: &[&str], commands: &mut Vec<Child>) -> String {
    let mut command = shop.command(arguments);
    commands.push(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    arguments.join(" ")
}

/// Waits for all commands that were begun. How they end is their own affair: an engine may have been killed.
fn finish(shop: &TestProject, commands: &mut Vec<Child>) -> String {
    let end = Instant::now() + SOON;
    wait_until("all commands to end, or their time", 2 * SOON, || {
        commands.retain_mut(|command| command.try_wait().unwrap().is_none());
        commands.is_empty() || Instant::now() > end
    });
    assert!(
        commands.is_empty(),
        "commands hang: {:#?}\n{}\n{}",
        shop.home.processes(),
        shop.kinfra(&["status", "--json"]).stdout,
        shop.kinfra(&["logs", "--engine"]).stdout,
    );
    "finished all commands".to_owned()
}

fn kill(shop: &TestProject, text: &str) -> String {
    for pid in processes(shop, text) {
        // It may have ended by itself since.
        let _ = kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL);
    }
    format!("killed {text}")
}

fn processes(shop: &TestProject, text: &str) -> Vec<u32> {
    let found = shop.home.processes().into_iter().filter(|process| process.command.contains(text));
    found.map(|process| process.pid).collect()
}
