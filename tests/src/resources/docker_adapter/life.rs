use std::time::{Duration, Instant};

use kinfra_engine::resource_manager::docker::{self, MadeKind};
use kinfra_engine::resource_manager::{Settled, Step, Stop, type_named};

use super::stage::{SECRET, Stage, WAITS, With, ended, settled, shell, up};
use crate::{http, wait_for};

const SERVES: &str = "
image: kinfra-test
command: [/bin/busybox, sh, -c, \"trap 'exit 0' TERM; /bin/busybox httpd -f -p 80 -h /www & wait\"]
ports: {web: 80}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_made_once_and_found_again_with_its_port_and_its_files() {
    let Some(stage) = Stage::start("a container's life") else { return };
    let port = *stage.home.ports().end();
    let settings = format!("{SERVES}files: {{/www/page: 'the ${{secret:it}}'}}\nhostname: own\n");
    let with = With { ports: &[("web", port)], ..With::DB };
    let adapter = stage.adapter(&settings, &with);
    let observed = adapter.observe().await.unwrap();
    assert_eq!(adapter.plan(&observed).unwrap(), [Step::MakeNetwork, Step::Create, Step::Start]);
    let started = up(&adapter).await.unwrap();
    let page = wait_for("the container to answer", Duration::from_secs(20), || {
        http::get(port, "localhost", "/page", "*/*").map(|answer| answer.body)
    });
    assert_eq!(page, format!("the {SECRET}"));
    let pid = started.pid.expect("it is a process of this machine");
    assert!(std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap().contains(SECRET));

    // The same by a KInfra that knows nothing of it.
    let found = stage.adapter_in(&settings, &with, &stage.another());
    let observed = found.observe().await.unwrap();
    assert_eq!((observed.settled, observed.pid), (Settled::Running, Some(pid)));
    assert_eq!(found.plan(&observed).unwrap(), []);
    assert_eq!(up(&found).await.unwrap().pid, Some(pid));

    // Stopped in order, it stays, and is started as it is.
    let id = stage.docker.succeed(&["inspect", "-f", "{{.Id}}", "kinfra-shop-db"]);
    adapter.stop(Stop::InOrder).await.unwrap();
    assert_eq!(ended(&found).await.code, Some(0));
    assert_eq!(ended(&adapter).await.code, Some(0));
    let observed = adapter.observe().await.unwrap();
    assert_eq!(adapter.plan(&observed).unwrap(), [Step::Start]);
    up(&adapter).await.unwrap();
    assert_eq!(stage.docker.succeed(&["inspect", "-f", "{{.Id}}", "kinfra-shop-db"]), id);

    // Its settings are of no account to end it.
    let left = (type_named("docker").unwrap().left.unwrap())(Stage::place("db"), &stage.another());
    assert_eq!(settled(&left).await, Settled::Running);
    left.stop(Stop::InOrder).await.unwrap();
    assert_eq!(ended(&left).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn data_outlives_another_setting_and_goes_by_the_user_s_word_alone() {
    let Some(stage) = Stage::start("a volume's life") else { return };
    let settings = |number: u32| {
        let script = format!("echo {number} >> /data/all; {WAITS}");
        format!("{}volumes: {{data: /data}}\n", shell(&script))
    };
    let first = stage.db(&settings(1));
    up(&first).await.unwrap();
    let changed = stage.adapter(&settings(2), &With { fingerprint: "2", ..With::DB });
    let observed = changed.observe().await.unwrap();
    assert!(observed.outdated);
    let plan = changed.plan(&observed).unwrap();
    assert_eq!(plan, [Step::Remove, Step::Create, Step::Start]);
    up(&changed).await.unwrap();
    let read = vec!["/bin/busybox".to_owned(), "tail".to_owned(), "-n1".to_owned(), "/data/all".to_owned()];
    let first_line = ["/bin/busybox", "head", "-n1", "/data/all"].map(str::to_owned).to_vec();
    let ran = changed.execute(first_line).unwrap().await.unwrap();
    assert_eq!((ran.exit.code, ran.last_line.as_deref()), (Some(0), Some("1")));
    let is_written =
        async || changed.execute(read.clone()).unwrap().await.unwrap().last_line.as_deref() == Some("2");
    while !is_written().await {
        tokio::time::sleep(super::stage::LOOK_AGAIN).await;
    }

    // Another one of the instance, which holds the network.
    let other = stage.adapter(&shell(WAITS), &With { node: "cache", ..With::DB });
    up(&other).await.unwrap();
    let names = |made: Vec<docker::Made>| made.into_iter().map(|made| made.name).collect::<Vec<_>>();
    let made = docker::made(&stage.outside, "h1").await.unwrap();
    assert!(made.iter().all(|made| made.running == (made.kind == MadeKind::Container)));
    let all = ["kinfra-shop-cache", "kinfra-shop-db", "kinfra-shop", "kinfra-shop-db-data"];
    assert_eq!(names(made), all);
    let removed = docker::remove(&stage.outside, &Stage::place("db"), false).await.unwrap();
    assert_eq!(names(removed), ["kinfra-shop-db"]);
    assert_eq!(changed.ended().await.signal, Some(9));
    let removed = docker::remove(&stage.outside, &Stage::place("db"), true).await.unwrap();
    assert_eq!(names(removed), ["kinfra-shop-db-data"]);
    let removed = docker::remove(&stage.outside, &Stage::place("cache"), false).await.unwrap();
    assert_eq!(names(removed), ["kinfra-shop-cache", "kinfra-shop"]);
    assert_eq!(docker::made(&stage.outside, "h1").await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_at_once_know_each_other_by_name() {
    let Some(stage) = Stage::start("ten at once") else { return };
    let names: Vec<String> = (0..10).map(|number| format!("node{number}")).collect();
    let adapters: Vec<_> =
        names.iter().map(|name| stage.adapter(&shell(WAITS), &With { node: name, ..With::DB })).collect();
    let starts = adapters.iter().cloned().map(|adapter| tokio::spawn(async move { up(&adapter).await }));
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap().unwrap();
    }
    let networks = stage.docker.succeed(&["network", "ls", "-q", "--filter", "name=kinfra-shop"]);
    assert_eq!(networks.lines().count(), 1);
    let ping = ["/bin/busybox", "nslookup", "node9"].map(str::to_owned).to_vec();
    let ran = adapters[0].execute(ping).unwrap().await.unwrap();
    assert_eq!(ran.exit.code, Some(0), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_killed_by_hand_is_known_within_a_moment() {
    let Some(stage) = Stage::start("a container killed") else { return };
    let adapter = stage.db(&shell(WAITS));
    up(&adapter).await.unwrap();
    let waiting = tokio::spawn(ended(&adapter));
    stage.docker.succeed(&["kill", "kinfra-shop-db"]);
    let exit = waiting.await.unwrap();
    assert_eq!(exit.signal, Some(9));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let late = Duration::from_millis(u64::try_from(now.as_millis()).unwrap().saturating_sub(exit.at));
    // The event's own time against ours, on a machine that other tests share.
    assert!(late < Duration::from_secs(5), "{late:?}");

    // Its code is its own where nobody sent a signal; the next run begins at once.
    let adapter = stage.adapter(&shell("exit 7"), &With { fingerprint: "2", ..With::DB });
    let before = Instant::now();
    up(&adapter).await.unwrap();
    assert_eq!(ended(&adapter).await.code, Some(7));
    assert!(before.elapsed() < super::stage::SOON);
    up(&adapter).await.unwrap();
    assert_eq!(ended(&adapter).await.code, Some(7));
}
