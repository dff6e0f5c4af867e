use std::time::{Duration, Instant};

use kinfra_rpc::ErrorCode;

use super::stage::Stage;
use crate::clouds::Neon;
use crate::wait_until;

const STACK: &str = "
project: shop
resources:
  db: {type: neon, url: CLOUD, token: '${secret:cloud}', project: PROJECT, auto_pause: 1m}
services:
  api: {run: 'exec MISBEHAVE serve', depends_on: [db], port: auto}
";

#[test]
#[ignore = "deep"]
fn what_nobody_uses_is_paused_and_a_request_by_the_proxy_is_a_use() {
    let stage = Stage::new(STACK, |neon: &Neon| neon.projects[0].id.clone());
    stage.run(&["up", "-d"]);
    let started = Instant::now();
    let url = stage.run(&["url", "api"]);
    let host = url.trim().trim_start_matches("http://").split(':').next().unwrap().to_owned();
    let port = stage.project.proxy_port();
    let visit = || crate::http::get(port, &host, "/", "*/*").is_some();
    let is_paused = || stage.db().paused().is_some();
    wait_until("half of the time to be over", Duration::from_secs(60), || {
        started.elapsed() > Duration::from_secs(40)
    });
    assert!(visit() && !is_paused());
    let used = Instant::now();
    wait_until("a pause", Duration::from_secs(120), is_paused);
    assert!(used.elapsed() > Duration::from_secs(55), "{:?}", used.elapsed());
    let node = stage.db();
    let problem = node.paused().unwrap();
    assert_eq!(problem.code, ErrorCode::ResourcePaused);
    assert!(problem.message.contains("as it was not used"), "{}", problem.message);
    assert_eq!(stage.count("POST", "/projects/*/endpoints/*/suspend"), 1);
}
