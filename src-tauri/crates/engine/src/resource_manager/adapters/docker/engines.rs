use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use kinfra_rpc::{ErrorCode, Problem};

use super::discovery::{Address, Choice, candidates};
use super::engine::Engine;
use crate::watch::Watcher;

/// The Docker engines that somebody has a container on.
#[derive(Debug, Default)]
pub struct Engines {
    open: Mutex<HashMap<Address, Weak<Engine>>>,
    watcher: Watcher,
}

impl Engines {
    /// The one that is meant, and answers.
    ///
    /// # Errors
    /// When none does, with where it was looked for.
    pub async fn find(&self, environment: &BTreeMap<String, String>) -> Result<Arc<Engine>, Problem> {
        let exists = |path: &Path| path.exists();
        let read = |path: &Path| std::fs::read_to_string(path).ok();
        let (there, absent) = match candidates(environment, &exists, &read)? {
            Choice::Told(address, by) => {
                let engine = self.open(address);
                return match engine.ready().await {
                    Ok(_) => Ok(engine),
                    Err(problem) => Err(told(problem, &by)),
                };
            }
            Choice::Places { there, absent } => (there, absent),
        };
        let mut refused = vec![];
        for address in there {
            let engine = self.open(address);
            match engine.ready().await {
                Ok(_) => return Ok(engine),
                Err(problem) => refused.push(problem),
            }
        }
        Err(none(&refused, &absent))
    }

    fn open(&self, address: Address) -> Arc<Engine> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, engine| engine.strong_count() > 0);
        if let Some(engine) = open.get(&address).and_then(Weak::upgrade) {
            return engine;
        }
        let engine = Engine::open(address.clone(), self.watcher.clone());
        open.insert(address, Arc::downgrade(&engine));
        engine
    }
}

fn told(mut problem: Problem, by: &str) -> Problem {
    problem.message = format!("{}; it is the one that {by} names", problem.message);
    problem
}

fn none(refused: &[Problem], absent: &[Address]) -> Problem {
    let hint = "start Docker or another engine, or set DOCKER_HOST; where a template has it, `variant: system` needs none";
    if let [first, rest @ ..] = refused {
        let mut message = first.message.clone();
        for other in rest {
            message = format!("{message}; {}", other.message);
        }
        let hint =
            first.hint.as_deref().map_or_else(|| hint.to_owned(), |own| format!("{own}; or else {hint}"));
        return Problem::new(ErrorCode::ResourceUnreachable, message).hint(hint);
    }
    let places: Vec<String> = absent.iter().map(ToString::to_string).collect();
    let message = format!("no Docker engine was found: looked at {}", places.join(", "));
    Problem::new(ErrorCode::ResourceUnreachable, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(values: &[(&str, &str)]) -> BTreeMap<String, String> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn where_no_engine_is_it_is_said_where_it_was_looked_for() {
        let absent =
            ["/var/run/docker.sock", "/run/podman/podman.sock"].map(|path| Address::Socket(path.into()));
        insta::assert_snapshot!(none(&[], &absent), @r"
        no Docker engine was found: looked at /var/run/docker.sock, /run/podman/podman.sock
          hint: start Docker or another engine, or set DOCKER_HOST; where a template has it, `variant: system` needs none
        ");
    }

    #[tokio::test]
    async fn an_engine_that_the_user_names_and_that_is_away_is_told_by_its_name() {
        let environment = environment(&[("DOCKER_HOST", "unix:///nonexistent/docker.sock")]);
        let problem = Engines::default().find(&environment).await.unwrap_err();
        assert_eq!(problem.code, ErrorCode::ResourceUnreachable);
        insta::assert_snapshot!(problem, @r"
        the Docker engine at /nonexistent/docker.sock doesn't answer: nothing is there; it is the one that DOCKER_HOST names
          hint: start it; KInfra goes on when it is there
        ");
    }
}
