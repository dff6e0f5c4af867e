use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use kinfra_tests::bench::race::{Lane, Race, order};
use kinfra_tests::bench::tools;
use kinfra_tests::docker::Docker;
use kinfra_tests::{TestHome, TestProject};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::api::Api;
use super::events::Events;
use super::ours::{Ours, up};
use super::{NAME, time};

const ROUNDS: usize = 5;
const CONTAINERS: usize = 10;

/// Ten containers at once with their network, until all run.
pub fn races(runtime: &Runtime) -> Option<Vec<Race>> {
    let mut home = TestHome::new();
    let docker = Docker::start(NAME, &home)?;
    home.set("DOCKER_HOST", docker.host());
    let api = Api::of(&docker);
    let ours = Ours::new(&docker, &home);
    // While the service runs, KInfra's engine is there, as Docker's is.
    let service = "services:\n  other:\n    run: [MISBEHAVE, serve]\n";
    let project = TestProject::at(home, "shop", &format!("{}{service}", configuration(CONTAINERS)));
    let names: Vec<String> = (0..CONTAINERS).map(|number| format!("c{number}")).collect();
    let down: Vec<&str> = ["down"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let compose = Compose::find(project.home.path(), &docker);
    project.succeed(&["up", "-d"]);
    let recipe = api.recipe("kinfra-shop-c0", "bare");
    project.succeed(&down);
    api.clear();

    let starts = Events::listen(&api, "start");
    let compose_name = tools::version("docker-compose");
    let mut lanes = vec![
        Lane::new("kinfra up -d"),
        Lane::new("bare calls, all in parallel"),
        Lane::new("KInfra's adapters alone"),
        Lane::new(&format!("{compose_name} up -d")).noted("asked: ours ahead"),
    ];
    let mut ends = vec![
        Lane::new("kinfra up -d").noted("all are healthy: who has no probe must have run for a second"),
        Lane::new(&format!("{compose_name} up -d")).noted("looks at no health"),
    ];
    for round in 0..ROUNDS {
        for lane in order(lanes.len(), round) {
            starts.forget();
            let begun = Instant::now();
            let taken = match lane {
                0 => Ok(time(|| project.succeed(&["up", "-d"]))),
                1 => Ok(time(|| bare(&api, &recipe))),
                2 => Ok(time(|| together(runtime, &ours))),
                _ => compose.as_ref().map_err(Clone::clone).map(|compose| time(|| compose.up())),
            };
            let run = |_: &f64| (starts.last_of(CONTAINERS) - begun).as_secs_f64() * 1_000.0;
            lanes[lane].take(taken.as_ref().map(run).map_err(Clone::clone));
            match lane {
                0 => ends[0].take(taken),
                3 => ends[1].take(taken),
                _ => {}
            }
            if lane == 0 {
                project.succeed(&down);
            }
            api.clear();
        }
    }
    project.succeed(&["down"]);
    drop(docker);
    Some(vec![
        Race::new(format!("start {CONTAINERS} with their network, until the last one's event"), "ms", lanes),
        Race::new(format!("start {CONTAINERS} with their network, until the command ends"), "ms", ends),
    ])
}

/// A project of so many, which end at once.
pub fn configuration(containers: usize) -> String {
    let mut text = "project: shop\nresources:\n".to_owned();
    for number in 0..containers {
        let _ = writeln!(text, "  c{number}: {{type: docker, image: kinfra-test, stop: {{signal: KILL}}}}");
    }
    text
}

fn bare(api: &Api, recipe: &Value) {
    api.ask("POST", "/networks/create", Some(&json!({"Name": "bare", "Driver": "bridge"})));
    thread::scope(|scope| {
        for number in 0..CONTAINERS {
            scope.spawn(move || api.create_and_start(&format!("bare{number}"), recipe));
        }
    });
}

fn together(runtime: &Runtime, ours: &Ours) {
    let starts: Vec<_> =
        (0..CONTAINERS).map(|number| runtime.spawn(up(ours.adapter(&format!("c{number}"))))).collect();
    for start in starts {
        runtime.block_on(start).unwrap();
    }
}

struct Compose<'c> {
    unpacked: PathBuf,
    folder: PathBuf,
    docker: &'c Docker,
}

impl<'c> Compose<'c> {
    /// The same ten, as it wants them said.
    fn find(home: &Path, docker: &'c Docker) -> Result<Self, String> {
        let unpacked = tools::folder("docker-compose");
        let unpacked = unpacked.ok_or("docker-compose is not installed: see what ./dev bench said")?;
        let folder = home.join("peer");
        let mut text = "version: '3.8'\nservices:\n".to_owned();
        for number in 0..CONTAINERS {
            let _ = writeln!(text, "  c{number}: {{image: kinfra-test}}");
        }
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("docker-compose.yml"), text).unwrap();
        Ok(Self { unpacked, folder, docker })
    }

    fn up(&self) {
        let output = Command::new(self.unpacked.join("usr/bin/docker-compose"))
            .args(["up", "-d"])
            .current_dir(&self.folder)
            .env("DOCKER_HOST", self.docker.host())
            .env("PYTHONPATH", self.unpacked.join("usr/lib/python3/dist-packages"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "docker-compose: {output:?}");
    }
}
