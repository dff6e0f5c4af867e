use std::net::TcpListener;

use futures_util::FutureExt;
use kinfra_engine::resource_manager::{Settled, Stop};
use kinfra_rpc::{ErrorCode, Problem};

use super::stage::{SECRET, Stage, WAITS, With, settled, shell, up};

fn told(problem: &Problem, pieces: &[&str]) {
    let text = problem.to_string();
    assert_eq!(problem.code, ErrorCode::ResourceFailed, "{text}");
    assert!(problem.hint.is_some(), "{text}");
    assert!(pieces.iter().all(|piece| text.contains(piece)), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_engine_can_t_do_is_told_with_the_value_and_a_way_out() {
    let Some(stage) = Stage::start("a container's faults") else { return };
    let fails = async |settings: &str, with: With<'static>| {
        up(&stage.adapter(settings, &with)).await.expect_err(settings)
    };
    // Nothing is there at that port of a registry.
    let missing = fails("image: 127.0.0.1:9/no/such:1", With::DB).await;
    told(&missing, &["fetch the image 127.0.0.1:9/no/such:1", "the registry can't be reached"]);
    let never = fails("image: 127.0.0.1:9/no/such:1\npull: never", With::DB).await;
    told(&never, &["create the container kinfra-shop-db", "No such image", "docker pull"]);
    let program = fails("image: kinfra-test\ncommand: [/bin/nothing]", With::DB).await;
    told(&program, &["start the container kinfra-shop-db", "/bin/nothing", "`command`"]);
    let mount = format!("{}mounts: {{./absent: /there}}\n", shell(WAITS));
    let mount = fails(&mount, With { fingerprint: "2", ..With::DB }).await;
    told(&mount, &["absent, which `mounts` leads to /there, doesn't exist"]);
    assert!(!stage.folder().join("absent").exists());

    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let ports = [("web", port)];
    let with = With { fingerprint: "3", ports: &ports, ..With::DB };
    let adapter = stage.adapter(&format!("{}ports: {{web: 80}}\n", shell(WAITS)), &with);
    told(
        &up(&adapter).await.unwrap_err(),
        &["start the container kinfra-shop-db", &port.to_string(), "another program"],
    );
    // When the port is free it is started as it is.
    drop(holder);
    up(&adapter).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_our_name_and_is_not_ours_is_never_touched() {
    let Some(stage) = Stage::start("a foreign container") else { return };
    let sleep = ["/bin/busybox", "sleep", "1000"];
    let theirs = ["run", "-d", "--name", "kinfra-shop-db", "kinfra-test"];
    stage.docker.succeed(&[&theirs[..], &sleep[..]].concat());
    let adapter = stage.db(&shell(WAITS));
    told(&up(&adapter).await.unwrap_err(), &["the container kinfra-shop-db", "rename or remove it"]);
    adapter.stop(Stop::Kill).await.unwrap();
    assert!(stage.docker.runs("kinfra-shop-db"));

    // Nor what another home has made.
    let with = With { node: "cache", home: "h2", ..With::DB };
    let other = stage.adapter(&shell(WAITS), &with);
    up(&other).await.unwrap();
    let ours = stage.adapter(&shell(WAITS), &With { node: "cache", ..With::DB });
    told(&up(&ours).await.unwrap_err(), &["the container kinfra-shop-cache"]);
    ours.stop(Stop::Kill).await.unwrap();
    assert_eq!(other.ended().now_or_never(), None, "what one home sees is nothing to the other");
    assert_eq!(settled(&other).await, Settled::Running);
    stage.docker.succeed(&["volume", "create", "kinfra-shop-store-data"]);
    let with_volume = format!("{}volumes: {{data: /data}}\n", shell(WAITS));
    let store = stage.adapter(&with_volume, &With { node: "store", ..With::DB });
    told(&up(&store).await.unwrap_err(), &["the volume kinfra-shop-store-data"]);
}
