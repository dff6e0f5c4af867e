use std::fs;

use kinfra_engine::resource_manager::{Probed, Step};

use crate::wait_for;

use super::stage::{SOON, Stage, Told, WAITS, With, ended, shell, up, wait_for_probe};

const DOCKERFILE: &str = r#"
FROM kinfra-test
ARG WORD
COPY page /www/page
HEALTHCHECK --interval=1s --retries=1 CMD ["/bin/busybox", "sh", "-c", "test -f /www/ok || { echo it is not ok; exit 1; }"]
CMD ["/bin/busybox", "sh", "-c", "trap 'exit 0' TERM; /bin/busybox sleep 1000 & wait"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_health_check_of_an_image_that_was_built_says_how_it_is() {
    let Some(stage) = Stage::start("an image built") else { return };
    let context = stage.folder().join("infra");
    fs::create_dir(&context).unwrap();
    fs::write(context.join("Dockerfile"), DOCKERFILE).unwrap();
    fs::write(context.join("page"), "one").unwrap();
    let settings = "build: {context: ./infra, args: {WORD: x}}";
    let adapter = stage.db(settings);
    let observed = adapter.observe().await.unwrap();
    let plan = adapter.plan(&observed).unwrap();
    assert_eq!(plan[0], Step::Build);
    let told = Told::default();
    adapter.start(&plan, &told).await.unwrap();
    assert!(told.0.lock().unwrap().iter().any(|text| text.contains("Step 1/")), "{:?}", told.0);

    let busybox = |words: &[&str]| {
        let words = ["/bin/busybox"].iter().chain(words).map(|word| (*word).to_owned()).collect();
        adapter.execute(words).unwrap()
    };
    let unwell = Probed::NotReady("it is not ok".to_owned());
    wait_for_probe(&adapter, "unhealthy, with the reason", |probed| *probed == unwell).await;
    busybox(&["touch", "/www/ok"]).await.unwrap();
    wait_for_probe(&adapter, "healthy", |probed| *probed == Probed::Ready(String::new())).await;

    // Another KInfra knows it by looking once.
    let found = stage.adapter_in(settings, &With::DB, &stage.another());
    found.observe().await.unwrap();
    assert_eq!(found.probe().await, Probed::Ready(String::new()));

    // Started again from the same folder it is the same container; from another one it is made anew.
    let id = || stage.docker.succeed(&["inspect", "-f", "{{.Id}}", "kinfra-shop-db"]);
    let first = id();
    let restart = async || {
        adapter.stop(kinfra_engine::resource_manager::Stop::InOrder).await.unwrap();
        ended(&adapter).await;
        up(&adapter).await.unwrap();
    };
    restart().await;
    assert_eq!(id(), first);
    fs::write(context.join("page"), "two").unwrap();
    restart().await;
    assert_ne!(id(), first);
    let page = busybox(&["cat", "/www/page"]).await.unwrap();
    assert_eq!(page.last_line.as_deref(), Some("two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_runs_out_of_memory_says_so() {
    let Some(stage) = Stage::start("a container without memory") else { return };
    // Docker sees the lack of memory only while the container is there.
    let greedy = shell("/bin/busybox tail /dev/zero; /bin/busybox sleep 1; exit 1");
    let adapter = stage.db(&format!("{greedy}memory: 20m\n"));
    up(&adapter).await.unwrap();
    ended(&adapter).await;
    wait_for("the reason", SOON, || adapter.why_ended().filter(|why| why == "it ran out of memory"));
    let adapter = stage.adapter(&shell(WAITS), &With { fingerprint: "2", ..With::DB });
    up(&adapter).await.unwrap();
    assert_eq!(adapter.why_ended(), None);
}
