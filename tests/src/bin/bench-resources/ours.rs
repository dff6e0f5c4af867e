//! KInfra's adapter by itself, without the engine around it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kinfra_engine::config::Run;
use kinfra_engine::resource_manager::{
    Adapter, Commands, Given, Outside, Place, Progress, Ran, adapter_alone,
};
use kinfra_rpc::{ErrorCode, Problem};
use kinfra_tests::TestHome;
use kinfra_tests::docker::Docker;

pub const NETWORK: &str = "kinfra-bench";
const SETTINGS: &str = "type: docker\nimage: kinfra-test\n";

pub struct Ours {
    outside: Arc<Outside>,
    folder: PathBuf,
}

struct Unused;

impl Commands for Unused {
    fn run<'a>(
        &'a self,
        _: &'a Run,
        _: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Ran, Problem>> + Send + 'a>> {
        Box::pin(async { Err(Problem::new(ErrorCode::Internal, "no commands here")) })
    }
}

impl Progress for Unused {
    fn tell(&self, _: String) {}
}

impl Ours {
    pub fn new(docker: &Docker, home: &TestHome) -> Self {
        let environment = BTreeMap::from([("DOCKER_HOST".to_owned(), docker.host())]);
        Self { outside: Arc::new(Outside::new(environment)), folder: home.path().to_owned() }
    }

    /// The name that its container has.
    pub fn container(node: &str) -> String {
        format!("{NETWORK}-{node}")
    }

    pub fn adapter(&self, node: &str) -> Arc<dyn Adapter> {
        let place = Place { home: "bench".to_owned(), instance: "bench".to_owned(), node: node.to_owned() };
        let given = Given {
            place,
            fingerprint: "1".to_owned(),
            folder: self.folder.clone(),
            ports: vec![],
            environment: BTreeMap::new(),
            signal: None,
            grace: Duration::from_secs(5),
            expand: &|text: &str| Ok(text.to_owned()),
            commands: Arc::new(Unused),
            outside: Arc::clone(&self.outside),
        };
        adapter_alone(SETTINGS, given).unwrap_or_else(|failure| panic!("{failure:?}"))
    }
}

/// From whatever is there to a container that runs.
pub async fn up(adapter: Arc<dyn Adapter>) {
    let up = async {
        let observed = adapter.observe().await?;
        let plan = adapter.plan(&observed)?;
        adapter.start(&plan, &Unused).await
    };
    up.await.unwrap_or_else(|problem| panic!("{problem:?}"));
}
