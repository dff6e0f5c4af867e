//! docs/adapters.md shows an adapter that works.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::Problem;

use crate::config::{Format, parse};
use crate::resource_manager::{
    Adapter, Commands, Given, Outside, Place, Probed, Progress, Ran, Settled, Step, Stop,
};
use crate::schema::Run;

struct Nothing;

impl Commands for Nothing {
    fn run<'a>(&'a self, _: &'a Run, _: Duration) -> BoxFuture<'a, Result<Ran, Problem>> {
        std::future::pending().boxed()
    }
}

impl Progress for Nothing {
    fn tell(&self, _: String) {}
}

fn adapter(folder: &Path, text: &str) -> Arc<dyn Adapter> {
    let spec = parse(&folder.join("kinfra.yaml"), text, Format::Yaml).unwrap();
    let resource = spec.services[0].resource.clone().unwrap();
    let place = Place { home: "h".into(), instance: "shop".into(), node: "flag".into() };
    let given = Given {
        place,
        fingerprint: "f".into(),
        folder: folder.to_owned(),
        ports: vec![],
        environment: BTreeMap::new(),
        signal: None,
        grace: Duration::from_secs(1),
        expand: &|text| Ok(text.replace("${instance.slug}", "shop")),
        commands: Arc::new(Nothing),
        outside: Arc::new(Outside::new(BTreeMap::new())),
    };
    resource.settings.adapter(given).unwrap()
}

#[tokio::test]
async fn the_example_starts_says_how_it_is_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let file = adapter(folder.path(), "resources: {flag: {type: file, path: 'up-${instance.slug}'}}");
    let observed = file.observe().await.unwrap();
    assert_eq!(observed.settled, Settled::Absent);
    let plan = file.plan(&observed).unwrap();
    assert_eq!(plan, [Step::Create]);
    file.start(&plan, &Nothing).await.unwrap();
    assert!(folder.path().join("up-shop").is_file());
    assert_eq!(file.plan(&file.observe().await.unwrap()).unwrap(), []);
    assert_eq!(file.probe().await, Probed::Ready(String::new()));
    file.stop(Stop::InOrder).await.unwrap();
    assert_eq!(file.ended().await.code, Some(0));
    assert_eq!(file.observe().await.unwrap().settled, Settled::Absent);
}

#[test]
fn what_the_example_does_not_take_is_said_with_what_it_takes() {
    let parsed =
        parse(Path::new("/shop/kinfra.yaml"), "resources: {flag: {type: file, pth: up}}", Format::Yaml);
    let problems: Vec<String> = parsed.unwrap_err().iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(problems, ["`resources.flag.path` is missing", "unknown key `pth` in `resources.flag`"]);
}

#[test]
fn the_page_shows_the_example_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let page = std::fs::read_to_string(root.join("docs/adapters.md")).unwrap();
    let shown = page.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(
        shown,
        include_str!("../../resource_manager/adapters/example.rs"),
        "docs/adapters.md shows another example"
    );
}
