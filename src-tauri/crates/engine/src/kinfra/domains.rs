//! Which project has which domain and which public URL, where several ask for one.
//!
//! Theory of operation: who was added first keeps it. That is a function of what all configurations say and of the
//! order of the projects, so it is the same after a restart; when the first one lets go, the next one has it. Whoever
//! goes without is told in its problems, and is reachable by its other names.

use std::collections::BTreeMap;

use kinfra_rpc::{ErrorCode, Problem};

use super::engine::Engine;
use crate::orchestrator::Command;
use crate::service_manager::{DomainOwner, InstanceFacts};

type Owners = BTreeMap<String, DomainOwner>;

impl Engine {
    /// Of the names that these facts ask for, those that an earlier project has.
    pub(super) async fn taken_names(&self, facts: &InstanceFacts) -> Owners {
        let asked = facts.claimed_names();
        if asked.is_empty() {
            return Owners::new();
        }
        let mut known = self.claimed_names();
        known.insert(facts.slug.clone(), asked.clone());
        taken(&facts.slug, &asked, &owners(&self.order().await, &known))
    }

    /// Tells every project which of its names are taken now. The caller holds the catalog's `loading`.
    pub(super) async fn settle_names(&self) {
        let known = self.claimed_names();
        let owners = if known.is_empty() { Owners::new() } else { owners(&self.order().await, &known) };
        let projects: Vec<_> = self.projects().values().cloned().collect();
        for project in projects {
            let facts = project.instance.facts();
            let asked = facts.claimed_names();
            let taken = taken(&facts.slug, &asked, &owners);
            let problems = problems(&asked, &taken);
            let is_other = facts.taken_names != taken;
            if is_other {
                project.instance.change(|facts| facts.taken_names = taken);
                project.changed.all();
            }
            // A configuration that was just taken up has none told yet.
            if is_other || !problems.is_empty() {
                project.stack.tell(Command::Names(problems)).await;
            }
        }
        self.look_at_sharing();
    }

    /// By project, those that have any.
    fn claimed_names(&self) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
        let projects = self.projects();
        let names = projects.iter().map(|(slug, it)| (slug.clone(), it.instance.facts().claimed_names()));
        names.filter(|(_, names)| !names.is_empty()).collect()
    }

    /// The slugs of all projects, the one that was added first in front.
    async fn order(&self) -> Vec<String> {
        match self.store.projects().await {
            Ok(projects) => projects.into_iter().map(|project| project.slug).collect(),
            Err(error) => {
                tracing::warn!(%error, "which project was added first is not known: by their names");
                self.projects().keys().cloned().collect()
            }
        }
    }
}

fn owners(order: &[String], claimed: &BTreeMap<String, BTreeMap<String, Vec<String>>>) -> Owners {
    let mut owners = Owners::new();
    for project in order {
        for (service, domains) in claimed.get(project).into_iter().flatten() {
            for domain in domains {
                let owner = DomainOwner { project: project.clone(), service: service.clone() };
                owners.entry(domain.clone()).or_insert(owner);
            }
        }
    }
    owners
}

fn taken(slug: &str, domains: &BTreeMap<String, Vec<String>>, owners: &Owners) -> Owners {
    let asked = domains.values().flatten();
    let owned = asked.filter_map(|domain| Some((domain.clone(), owners.get(domain)?.clone())));
    owned.filter(|(_, owner)| owner.project != slug).collect()
}

fn problems(domains: &BTreeMap<String, Vec<String>>, taken: &Owners) -> Vec<Problem> {
    let asked = domains.iter().flat_map(|(service, domains)| domains.iter().map(move |name| (service, name)));
    let problem = |(service, domain): (&String, &String)| {
        let DomainOwner { project, service: theirs } = taken.get(domain)?;
        // Only a public one has a scheme.
        let what = if domain.contains("://") { "public URL" } else { "domain" };
        let message = format!(
            "the {what} {domain} of {service} is taken: it leads to {theirs} of the project {project}"
        );
        let hint = format!(
            "take it away from one of the two kinfra.yaml; {service} is reachable by its other URLs meanwhile"
        );
        Some(Problem::new(ErrorCode::ConfigNameCollision, message).hint(hint))
    };
    asked.filter_map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(of: &[(&str, &str, &[&str])]) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
        let mut claims: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for (project, service, domains) in of {
            let domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
            claims.entry((*project).to_owned()).or_default().insert((*service).to_owned(), domains);
        }
        claims
    }

    #[test]
    fn who_was_added_first_keeps_a_domain_and_the_later_one_is_told_by_whom_it_is_taken() {
        let order = ["shop", "blog"].map(str::to_owned);
        let claims =
            claims(&[("blog", "site", &["shop.test", "blog.test"]), ("shop", "web", &["shop.test"])]);
        let owners = owners(&order, &claims);
        assert_eq!(taken("shop", &claims["shop"], &owners), Owners::new());
        let taken = taken("blog", &claims["blog"], &owners);
        assert_eq!(taken.keys().collect::<Vec<_>>(), ["shop.test"]);
        let problems = problems(&claims["blog"], &taken);
        assert_eq!(problems.len(), 1);
        insta::assert_snapshot!(problems[0], @r"
        the domain shop.test of site is taken: it leads to web of the project shop
          hint: take it away from one of the two kinfra.yaml; site is reachable by its other URLs meanwhile
        ");
    }

    #[test]
    fn what_the_first_one_lets_go_is_the_next_ones() {
        let order = ["shop", "blog"].map(str::to_owned);
        let claims = claims(&[("blog", "site", &["shop.test"])]);
        assert_eq!(taken("blog", &claims["blog"], &owners(&order, &claims)), Owners::new());
    }
}
