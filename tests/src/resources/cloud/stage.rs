use std::fs::read_to_string;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Inspection, NodeState};

use crate::clouds::{FakeCloud, Vendor};
use crate::{TestHome, TestProject, wait_until};

/// Long against what a loaded machine may need; only a failing test takes it.
pub const SOON: Duration = Duration::from_secs(40);

/// A project with one resource in a cloud, `db`, and the token for it.
pub struct Stage<V: Vendor> {
    pub cloud: FakeCloud<V>,
    pub project: TestProject,
    pub token: String,
}

impl<V: Vendor> Stage<V> {
    /// `CLOUD` stands for where the cloud is, `PROJECT` for what `id` says. The token is in the environment, as on a machine
    /// without a keyring.
    pub fn new(configuration: &str, id: impl FnOnce(&V) -> String) -> Self {
        let cloud = FakeCloud::start();
        let id = id(&cloud.state().vendor);
        let text = configuration.replace("CLOUD", &cloud.url()).replace("PROJECT", &id);
        let project = TestProject::at(TestHome::new(), "shop", &text);
        let token = cloud.token();
        Self { cloud, project, token }
    }

    /// What a command prints, and its exit code.
    pub fn try_run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().unwrap();
        let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!printed.contains(&self.token), "a token is shown: {printed}");
        (output.status.code(), printed)
    }

    /// A command that is not waited for.
    pub fn begin(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        command.env("KINFRA_SECRET_CLOUD", &self.token);
        command
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        let (code, printed) = self.try_run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {printed}");
        printed
    }

    pub fn db(&self) -> NodeState {
        self.project.node("db")
    }

    /// None while there is no engine.
    pub fn seen_db(&self) -> Option<NodeState> {
        self.project.status()?.nodes.into_iter().find(|node| node.name == "db")
    }

    #[track_caller]
    pub fn wait_for(&self, what: &str, is_so: impl Fn(&NodeState) -> bool) -> NodeState {
        wait_until(what, SOON, || is_so(&self.db()));
        self.db()
    }

    #[track_caller]
    pub fn wait_until_paused(&self, code: ErrorCode) -> NodeState {
        // Else it would be looked at every 30 s.
        self.inspect();
        self.wait_for("the pause to be seen", |node| {
            node.paused().is_some_and(|problem| problem.code == code)
        })
    }

    pub fn inspect(&self) -> Inspection {
        serde_json::from_str(&self.run(&["resource", "db", "--json"])).unwrap()
    }

    /// What a service finds in its environment that has written that to a file `found`.
    #[track_caller]
    pub fn found(&self, name: &str) -> String {
        let file = self.project.folder().join("found");
        let read = || {
            let text = read_to_string(&file).unwrap_or_default();
            text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")).map(str::to_owned))
        };
        wait_until(&format!("{name} to be found"), SOON, || read().is_some());
        read().unwrap()
    }

    /// How often something was asked for that changes anything.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.cloud.state().requests.count(method, path)
    }
}
