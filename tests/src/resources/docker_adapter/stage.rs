use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kinfra_engine::resource_manager::{
    Adapter, Commands, Given, GivenPort, Outside, Place, Probed, Progress, Ran, Settled, Started,
    adapter_alone,
};
use kinfra_rpc::{ErrorCode, Exit, Problem, Protocol};

use crate::TestHome;
use crate::docker::Docker;

pub const SOON: Duration = Duration::from_secs(30);
pub const LOOK_AGAIN: Duration = Duration::from_millis(5);
pub const SECRET: &str = "hunter2-of-the-test";

/// Ends when it is asked to, after what comes before it.
pub const WAITS: &str = "trap 'exit 0' TERM; /bin/busybox sleep 1000 & wait";

/// An engine, and resources on it.
pub struct Stage {
    pub outside: Arc<Outside>,
    // Dropped in this order: the engine lives in the home.
    pub docker: Docker,
    pub home: TestHome,
}

/// What a resource is made with, beside its settings.
pub struct With<'w> {
    pub node: &'w str,
    pub fingerprint: &'w str,
    pub ports: &'w [(&'w str, u16)],
    pub home: &'w str,
}

impl With<'_> {
    pub const DB: With<'static> = With { node: "db", fingerprint: "1", ports: &[], home: "h1" };
}

struct NoCommands;

impl Commands for NoCommands {
    fn run<'a>(
        &'a self,
        _: &'a kinfra_engine::config::Run,
        _: Duration,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Ran, Problem>> + Send + 'a>> {
        Box::pin(async { Err(Problem::new(ErrorCode::Internal, "no commands here")) })
    }
}

#[derive(Default)]
pub struct Told(pub Mutex<Vec<String>>);

impl Progress for Told {
    fn tell(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

impl Stage {
    pub fn start(test: &str) -> Option<Self> {
        let home = TestHome::new();
        let docker = Docker::start(test, &home)?;
        let environment = BTreeMap::from([("DOCKER_HOST".to_owned(), docker.host())]);
        Some(Self { outside: Arc::new(Outside::new(environment)), docker, home })
    }

    /// As a KInfra that knows nothing yet.
    pub fn another(&self) -> Arc<Outside> {
        Arc::new(Outside::new(self.outside.environment.clone()))
    }

    pub fn folder(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    pub fn place(node: &str) -> Place {
        Place { home: "h1".to_owned(), instance: "shop".to_owned(), node: node.to_owned() }
    }

    pub fn db(&self, settings: &str) -> Arc<dyn Adapter> {
        self.adapter(settings, &With::DB)
    }

    #[track_caller]
    pub fn adapter(&self, settings: &str, with: &With<'_>) -> Arc<dyn Adapter> {
        self.adapter_in(settings, with, &self.outside)
    }

    #[track_caller]
    pub fn adapter_in(&self, settings: &str, with: &With<'_>, outside: &Arc<Outside>) -> Arc<dyn Adapter> {
        let port = |(name, port): &(&str, u16)| GivenPort {
            name: (*name).to_owned(),
            protocol: Protocol::Tcp,
            port: *port,
        };
        let given = Given {
            place: Place { home: with.home.to_owned(), ..Self::place(with.node) },
            fingerprint: with.fingerprint.to_owned(),
            folder: self.folder(),
            ports: with.ports.iter().map(port).collect(),
            environment: BTreeMap::from([("PASSWORD".to_owned(), SECRET.to_owned())]),
            signal: None,
            grace: Duration::from_secs(5),
            expand: &|text: &str| Ok(text.replace("${secret:it}", SECRET)),
            commands: Arc::new(NoCommands),
            outside: Arc::clone(outside),
        };
        let text = format!("type: docker\n{settings}");
        adapter_alone(&text, given).unwrap_or_else(|failure| panic!("{failure:?}"))
    }
}

/// A busybox with these words.
pub fn shell(script: &str) -> String {
    format!("image: kinfra-test\ncommand: [/bin/busybox, sh, -c, {}]\n", serde_json::json!(script))
}

pub async fn up(adapter: &Arc<dyn Adapter>) -> Result<Started, Problem> {
    let observed = adapter.observe().await?;
    let plan = adapter.plan(&observed)?;
    adapter.start(&plan, &Told::default()).await
}

#[track_caller]
pub fn ended(adapter: &Arc<dyn Adapter>) -> impl Future<Output = Exit> + use<> {
    let adapter = Arc::clone(adapter);
    async move { tokio::time::timeout(SOON, adapter.ended()).await.expect("it doesn't end") }
}

pub async fn settled(adapter: &Arc<dyn Adapter>) -> Settled {
    adapter.observe().await.unwrap().settled
}

pub async fn wait_for_probe(
    adapter: &Arc<dyn Adapter>,
    what: &str,
    is_it: impl Fn(&Probed) -> bool,
) -> Probed {
    let wait = async {
        loop {
            let probed = adapter.probe().await;
            if is_it(&probed) {
                return probed;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(SOON, wait).await.unwrap_or_else(|_| panic!("it never becomes {what}"))
}
