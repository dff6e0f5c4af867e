use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kinfra_engine::config::Run;
use kinfra_engine::resource_manager::{
    Adapter, Commands, Given, Outside, Place, Probed, Progress, Ran, adapter_alone,
};
use kinfra_rpc::{Failure, Problem};

/// What an adapter is made with, where there is no project.
pub struct Around {
    pub outside: Arc<Outside>,
    pub home: &'static str,
    pub folder: PathBuf,
    /// Names and values.
    pub secrets: Vec<(&'static str, &'static str)>,
}

impl Around {
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        let outside = Arc::new(Outside::new(environment));
        Self { outside, home: "home", folder: PathBuf::from("/"), secrets: vec![] }
    }

    pub fn try_adapter(&self, text: &str) -> Result<Arc<dyn Adapter>, Failure> {
        let expand = |text: &str| {
            let replace = |text: String, (name, value): &(&str, &str)| {
                text.replace(&format!("${{secret:{name}}}"), value)
            };
            Ok(self.secrets.iter().fold(text.to_owned(), replace))
        };
        let given = Given {
            place: Place { home: self.home.into(), instance: "shop".into(), node: "db".into() },
            fingerprint: String::new(),
            folder: self.folder.clone(),
            ports: vec![],
            environment: BTreeMap::new(),
            signal: None,
            grace: Duration::from_secs(10),
            expand: &expand,
            commands: Arc::new(NoCommands),
            outside: Arc::clone(&self.outside),
        };
        adapter_alone(text, given)
    }

    #[track_caller]
    pub fn adapter(&self, text: &str) -> Arc<dyn Adapter> {
        self.try_adapter(text).unwrap_or_else(|failure| panic!("{text}: {failure:?}"))
    }
}

struct NoCommands;

impl Commands for NoCommands {
    fn run<'a>(
        &'a self,
        _: &'a Run,
        _: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Ran, Problem>> + Send + 'a>> {
        unreachable!("nothing here runs commands")
    }
}

/// What a start said of itself.
#[derive(Default)]
pub struct Said(pub Mutex<Vec<String>>);

impl Progress for Said {
    fn tell(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

/// Observes, plans and starts.
pub async fn start(adapter: &Arc<dyn Adapter>) -> Result<Option<u32>, Problem> {
    let plan = adapter.plan(&adapter.observe().await?)?;
    Ok(adapter.start(&plan, &Said::default()).await?.pid)
}

/// Probes until it says something of which this is true.
pub async fn probe_until(
    adapter: &Arc<dyn Adapter>,
    what: &str,
    is_it: impl Fn(&Probed) -> bool,
) -> Vec<Probed> {
    let mut probed = vec![];
    let probing = async {
        loop {
            let now = adapter.probe().await;
            let is_over = is_it(&now);
            if probed.last() != Some(&now) {
                probed.push(now);
            }
            if is_over {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), probing).await;
    assert!(in_time.is_ok(), "waited for {what}, in vain: {probed:?}");
    probed
}
