//! A changed configuration: what it would change, and applying just that.
//!
//! Theory of operation: a plan is made of what runs and what the file says. The new configuration is taken up, what
//! it changes is started anew, and the outcome awaited. If something doesn't come up, what was in effect before is
//! taken up again: each service with the settings that its process was launched with.

use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{
    Applied, ChangeKind, Comparison, ErrorCode, Failure, Phase, Problem, ServiceChange, SettingChange,
    Snapshot,
};
use tokio::time::timeout;

use super::attempt::{Attempt, Outcome};
use super::catalog::read;
use super::engine::{Engine, Project};
use crate::config::{Difference, ProjectSpec, Selection, ServiceSpec, diff};
use crate::logs::is_secret;
use crate::orchestrator::{Command, Node};

/// What is unhealthy, but may recover, is waited for so long: it is looked at again each second.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is to be done to apply a configuration.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    changes: Vec<ServiceChange>,
    /// New ones that belong to what runs.
    start: Vec<String>,
}

/// A node as it is, for a plan.
struct Present {
    /// What is in effect: what its process was launched with, or what its next one would be.
    spec: Arc<ServiceSpec>,
    /// It runs, or is about to, or was given up.
    is_wanted: bool,
    /// Its process was launched with other settings than `spec`, which are not known any more.
    is_older: bool,
}

impl Plan {
    fn new(present: &[Present], file: &ProjectSpec) -> Self {
        let known: Vec<&ServiceSpec> = present.iter().map(|node| &*node.spec).collect();
        let mut plan = Self::default();
        let is_running = present.iter().any(|node| node.is_wanted);
        let whole = Selection::new(file).whole(&[]).unwrap_or_default();
        for difference in diff(&known, file) {
            let name = difference.service().to_owned();
            let node = present.iter().find(|node| node.spec.name == name);
            let new = file.services.iter().find(|service| service.name == name);
            let restarts = node.zip(new).is_some_and(|(node, new)| {
                node.is_wanted && (node.is_older || node.spec.fingerprint().differs_from(new.fingerprint()))
            });
            if is_running && matches!(difference, Difference::Added(_)) && whole.contains(&name) {
                plan.start.push(name);
            }
            plan.changes.push(change(difference, restarts));
        }
        // What was taken up already, by a start say, still has to be launched.
        for node in present.iter().filter(|node| node.is_older && node.is_wanted) {
            let service = &node.spec.name;
            let is_known = plan.changes.iter().any(|change| change.restarts && change.service == *service);
            if !is_known && file.services.iter().any(|new| new.name == *service) {
                let (kind, settings) = (ChangeKind::Changed, vec![]);
                plan.changes.push(ServiceChange { service: service.clone(), kind, settings, restarts: true });
            }
        }
        plan
    }

    /// The nodes to be started anew.
    fn restart(&self) -> Vec<String> {
        let restarts = self.changes.iter().filter(|change| change.restarts);
        restarts.map(|change| change.service.clone()).collect()
    }
}

fn change(difference: Difference, restarts: bool) -> ServiceChange {
    let (service, kind, settings) = match difference {
        Difference::Added(service) => (service, ChangeKind::Added, vec![]),
        Difference::Removed(service) => (service, ChangeKind::Removed, vec![]),
        Difference::Changed { service, settings } => (service, ChangeKind::Changed, settings),
    };
    let setting = |setting: crate::config::SettingDifference| {
        let is_secret = setting.key.split_once("env.").is_some_and(|(_, name)| is_secret(name));
        let shown = |side: Option<String>| side.filter(|_| !is_secret);
        SettingChange { before: shown(setting.before), after: shown(setting.after), key: setting.key }
    };
    ServiceChange { service, kind, settings: settings.into_iter().map(setting).collect(), restarts }
}

impl Engine {
    /// What applying the configuration would change, read now.
    pub async fn compare(&self, slug: &str) -> Result<Comparison, Failure> {
        let project = self.project(slug)?;
        let file = read(&project.instance.facts().folder)?;
        Ok(Comparison { changes: Plan::new(&project.present(), &file).changes })
    }

    /// The configuration's file was written, or one that it reads: shows what is different, or what is wrong with it.
    pub async fn look_at_configuration(&self, slug: &str) -> Result<(), Failure> {
        let project = self.project(slug)?;
        match read(&project.instance.facts().folder) {
            // Nothing was in effect before.
            Ok(_) if project.spec.is_none() => self.refresh(slug).await,
            Ok(file) => {
                project.services.values().for_each(|node| node.read_files_again());
                let changes = Plan::new(&project.present(), &file).changes;
                project.stack.tell(Command::Differs(changes)).await;
                Ok(())
            }
            Err(problems) => {
                project.stack.tell(Command::Problems(problems)).await;
                Ok(())
            }
        }
    }

    pub async fn apply(&self, slug: &str) -> Result<Applied, Failure> {
        self.refuse_when_ending()?;
        let project = self.project(slug)?;
        let Ok(_applying) = project.applying.try_lock() else {
            let message = format!("the configuration of {slug} is being applied already");
            return Err(Failure::new(ErrorCode::InvalidRequest, message));
        };
        let file = match read(&project.instance.facts().folder) {
            Ok(file) => file,
            Err(problems) => {
                project.stack.tell(Command::Problems(problems.clone())).await;
                return Err(problems.into());
            }
        };
        let present = project.present();
        let before = project.spec.as_deref().map(|spec| in_effect(spec, &present));
        let plan = Plan::new(&present, &file);
        let restart = plan.restart();
        let Plan { changes, start } = plan;
        project.stack.tell(Command::Applying(true)).await;
        let outcome = self.take_up(slug, file, &restart, &start).await;
        let result = match (outcome, before) {
            (Ok(problems), _) if problems.is_empty() => Ok(Applied { changes, rolled_back: vec![] }),
            (Ok(problems), Some(before)) => self.roll_back(slug, before, &restart, changes, problems).await,
            (Ok(problems), None) => Err(problems.into()),
            (Err(failure), _) => Err(failure),
        };
        if let Ok(project) = self.project(slug) {
            project.stack.tell(Command::Applying(false)).await;
        }
        result
    }

    async fn roll_back(
        &self,
        slug: &str,
        before: ProjectSpec,
        restart: &[String],
        changes: Vec<ServiceChange>,
        rolled_back: Vec<Problem>,
    ) -> Result<Applied, Failure> {
        tracing::warn!(
            project = slug,
            ?rolled_back,
            "the new configuration doesn't come up: back to the old one"
        );
        let removed: Vec<String> = changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Removed)
            .map(|change| change.service.clone())
            .collect();
        let restart = self.project(slug)?.not_as_in(&before, restart);
        let back = self.take_up(slug, before, &restart, &removed).await?;
        let again = back.into_iter().map(|problem| {
            let message = format!("what was before does not come up either: {}", problem.message);
            Problem { message, ..problem }
        });
        let rolled_back: Vec<Problem> = rolled_back.into_iter().chain(again).collect();
        // The file still says what doesn't work.
        self.look_at_configuration(slug).await?;
        Ok(Applied { changes, rolled_back })
    }

    /// Puts a configuration into effect; answers with why something doesn't come up.
    async fn take_up(
        &self,
        slug: &str,
        spec: ProjectSpec,
        restart: &[String],
        start: &[String],
    ) -> Result<Vec<Problem>, Failure> {
        {
            let _turn = self.catalog.loading.lock().await;
            self.replace(self.project(slug)?, spec).await?;
        }
        let project = self.project(slug)?;
        let observed =
            restart.iter().filter_map(|name| project.services.get(name)).map(|node| node.observe());
        let attempt = Attempt::new(restart.iter().chain(start).cloned(), observed);
        if !restart.is_empty() {
            let names = restart.to_vec();
            project.stack.tell(Command::Restart { names, whole: false, dependants: false }).await;
        }
        if !start.is_empty() {
            project.stack.tell(Command::Start { names: start.to_vec(), again: false }).await;
        }
        let judge = |state: &Snapshot| attempt.judge(state, slug);
        loop {
            self.hub.until(|state| judge(state) != Outcome::UnderWay).await;
            match self.hub.read(judge) {
                // Since then.
                Outcome::UnderWay => {}
                Outcome::CameUp => return Ok(vec![]),
                Outcome::Failed(problems) => return Ok(problems),
                Outcome::Doubtful(problems) => {
                    let is_certain = |state: &Snapshot| !matches!(judge(state), Outcome::Doubtful(_));
                    if timeout(PATIENCE, self.hub.until(is_certain)).await.is_err() {
                        return Ok(problems);
                    }
                }
            }
        }
    }
}

impl Project {
    /// Those of them that don't run with the settings of a configuration: of several replicas the last ones still may,
    /// when an earlier one did not come up with others.
    fn not_as_in(&self, spec: &ProjectSpec, names: &[String]) -> Vec<String> {
        let is_as_before = |name: &String| {
            let settings = spec.services.iter().find(|service| service.name == *name)?.fingerprint();
            let node = self.services.get(name).filter(|node| node.observe().is_ready())?;
            let launched = match node.launched()? {
                Ok(launched) => launched.fingerprint(),
                Err(fingerprint) => fingerprint,
            };
            Some(!launched.differs_from(settings))
        };
        names.iter().filter(|name| is_as_before(name) != Some(true)).cloned().collect()
    }

    fn present(&self) -> Vec<Present> {
        let node = |node: &Arc<crate::service_manager::ServiceNode>| {
            let (current, launched) = (node.spec(), node.launched());
            let state = node.observe();
            let is_wanted = state.phase != Phase::Stopped;
            match launched {
                None => Present { spec: current, is_wanted, is_older: false },
                Some(Ok(launched)) => {
                    Present { spec: Arc::new(launched.in_effect(&current)), is_wanted, is_older: false }
                }
                Some(Err(fingerprint)) => {
                    let is_older = fingerprint.differs_from(current.fingerprint());
                    Present { spec: current, is_wanted, is_older }
                }
            }
        };
        self.services.values().map(node).collect()
    }
}

/// The configuration that would bring back what is there now.
fn in_effect(spec: &ProjectSpec, present: &[Present]) -> ProjectSpec {
    let services = spec.services.iter().map(|service| {
        let node = present.iter().find(|node| node.spec.name == service.name);
        Arc::clone(node.map_or(service, |node| &node.spec))
    });
    ProjectSpec { services: services.collect(), text: Arc::default(), ..spec.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, parse};

    fn spec(text: &str) -> ProjectSpec {
        parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap()
    }

    fn plan(before: &str, after: &str, running: &[&str]) -> Plan {
        let present = |service: &Arc<ServiceSpec>| Present {
            spec: Arc::clone(service),
            is_wanted: running.contains(&service.name.as_str()),
            is_older: false,
        };
        let present: Vec<Present> = spec(before).services.iter().map(present).collect();
        Plan::new(&present, &spec(after))
    }

    #[test]
    fn only_what_changed_and_runs_is_started_anew() {
        let before = "services: {db: {run: a}, api: {run: a}, web: {run: a}, old: {run: a}}";
        let after = "services: {db: {run: a}, api: {run: b}, web: {run: b}, new: {run: a},
            idle: {run: a, manual: true}}";
        let made = plan(before, after, &["db", "api", "old"]);
        assert_eq!((made.restart(), made.start), (vec!["api".to_owned()], vec!["new".to_owned()]));
        let kinds: Vec<_> = made.changes.iter().map(|change| (&*change.service, change.kind)).collect();
        use ChangeKind::{Added, Changed, Removed};
        assert_eq!(
            kinds,
            [("api", Changed), ("web", Changed), ("new", Added), ("idle", Added), ("old", Removed)]
        );
        assert_eq!(plan(before, after, &[]).start, [""; 0], "nothing runs, so nothing is started");
    }

    #[test]
    fn what_takes_effect_as_it_runs_starts_nothing_anew() {
        let made = plan(
            "services: {api: {run: a}}",
            "services: {api: {run: a, health: {http: /health}, restart: never}}",
            &["api"],
        );
        assert_eq!((made.restart(), made.changes.len(), made.changes[0].restarts), (vec![], 1, false));
    }

    #[test]
    fn no_secret_is_shown_as_a_change() {
        let made = plan(
            "services: {api: {run: a, env: {API_TOKEN: one, LEVEL: a}}}",
            "services: {api: {run: a, env: {API_TOKEN: two, LEVEL: b}}}",
            &["api"],
        );
        let shown: Vec<_> =
            made.changes[0].settings.iter().map(|setting| (&*setting.key, &setting.after)).collect();
        assert_eq!(shown, [("env.API_TOKEN", &None), ("env.LEVEL", &Some("b".to_owned()))]);
    }
}
