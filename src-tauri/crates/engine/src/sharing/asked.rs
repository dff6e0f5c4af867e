//! What its user asks for.

use std::collections::BTreeSet;

use kinfra_rpc::{ErrorCode, Failure, Problem};

use super::actor::{Actor, Node, wanted};
use super::wishes::{self, Wish};

impl Actor {
    pub(super) async fn share(
        &mut self,
        project: &str,
        services: Vec<String>,
        seconds: Option<u64>,
    ) -> Result<(), Failure> {
        self.wanted = self.context.hub.read(wanted);
        for service in services {
            let node = (project.to_owned(), service);
            if !self.wanted.contains(&node) {
                let message = format!("{} is not shared: it does not run", node.1);
                let hint = format!("start it first: kinfra up {}", node.1);
                return Err(Problem::new(ErrorCode::InvalidRequest, message).hint(hint).into());
            }
            let now = self.context.connectors.services.clock.wall_now();
            let wishes = wishes::share(&self.public(&node), seconds, now);
            self.wish(&node, wishes).await?;
        }
        self.look().await;
        Ok(())
    }

    pub(super) async fn unshare(
        &mut self,
        project: Option<&str>,
        services: &[String],
    ) -> Result<(), Failure> {
        let mut nodes: BTreeSet<Node> = self.wishes.keys().cloned().collect();
        for concerned in (self.context.projects)() {
            let facts = concerned.instance.facts();
            nodes.extend(facts.public.keys().map(|service| (facts.slug.clone(), service.clone())));
        }
        let is_meant = |(slug, service): &Node| {
            project.is_none_or(|project| project == slug)
                && (services.is_empty() || services.contains(service))
        };
        for node in nodes.into_iter().filter(is_meant) {
            let wishes = wishes::unshare(&self.public(&node));
            self.wish(&node, wishes).await?;
        }
        Ok(())
    }

    /// Known at once, and for good when this returns.
    pub(super) async fn wish(&mut self, node: &Node, wishes: Vec<Wish>) -> Result<(), Failure> {
        let known = self.wishes.get(node).map(Vec::as_slice).unwrap_or_default();
        if known == wishes {
            return Ok(());
        }
        let stored = wishes.iter().cloned().map(Into::into).collect();
        match wishes.is_empty() {
            true => drop(self.wishes.remove(node)),
            false => drop(self.wishes.insert(node.clone(), wishes)),
        }
        Ok(self.context.store.set_exposures(node.0.clone(), node.1.clone(), stored).await?)
    }
}
