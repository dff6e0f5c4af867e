//! Whether the names of the services lead to this machine for programs that ask the system, as browsers don't.
//!
//! Theory of operation: the system's resolver is asked as such a program would ask it, each name on a thread of its own:
//! it may take as long as a name server that does not answer, and nobody waits longer than a moment. What was seen is
//! judged by pure functions.

use std::io;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use kinfra_rpc::{Finding, Level, project_host};
use tokio::sync::oneshot;

use crate::config::{ProjectSpec, ServiceSpec};
use crate::store::StoredProject;

/// Nobody is called so; a resolver that knows this knows every name in `localhost` (RFC 6761, 6.3).
const CHECKED: &str = "kinfra-check.localhost";
/// A name server that answers is faster.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where the proxy listens.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The names of one project.
#[derive(Debug, Default)]
pub struct Names {
    /// In `localhost`.
    local: Vec<String>,
    /// Domains, each with the service that has it.
    domains: Vec<(String, String)>,
    slug: String,
}

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Leads {
    Here,
    Elsewhere(Vec<IpAddr>),
    /// The resolver's own words.
    Nowhere(String),
    /// Not within [`PATIENCE`].
    Unanswered,
}

impl Names {
    pub fn of(project: &StoredProject, spec: &ProjectSpec) -> Self {
        let slug = project.slug.clone();
        let serving = || spec.services.iter().filter(|node| node.is_first() && node.takes_connections());
        let own = |service: &Arc<ServiceSpec>| format!("{}.{}", service.slug, project_host(&slug));
        let has_own = spec.main_service().is_some() || serving().any(|service| service.route.is_some());
        let domain = |service: &Arc<ServiceSpec>| {
            let name = service.name.clone();
            service.domains.clone().into_iter().map(move |domain| (domain, name.clone()))
        };
        Self {
            local: has_own.then(|| project_host(&slug)).into_iter().chain(serving().map(own)).collect(),
            domains: serving().flat_map(domain).collect(),
            slug,
        }
    }
}

/// What is right and wrong with the names of these projects.
pub async fn examine(projects: &[Names]) -> Vec<Finding> {
    let domains = projects.iter().flat_map(|names| &names.domains).map(|(domain, _)| domain.as_str());
    let asked: Vec<&str> = [CHECKED].into_iter().chain(domains).collect();
    let mut seen = join_all(asked.iter().map(|name| resolve((*name).to_owned()))).await;
    let domains = seen.split_off(1);
    let localhost = seen.pop().unwrap_or(Leads::Unanswered);
    [localhost_finding(projects, &localhost)].into_iter().chain(domains_finding(projects, &domains)).collect()
}

async fn resolve(name: String) -> Leads {
    let (answer, answered) = oneshot::channel();
    let ask = move || {
        // Nobody may wait for it any more.
        let _ =
            answer.send((name.as_str(), 0).to_socket_addrs().map(|found| found.map(|at| at.ip()).collect()));
    };
    if let Err(error) = thread::Builder::new().name("resolve".to_owned()).spawn(ask) {
        return Leads::Nowhere(error.to_string());
    }
    match tokio::time::timeout(PATIENCE, answered).await {
        Ok(Ok(found)) => leads(found),
        Ok(Err(_)) | Err(_) => Leads::Unanswered,
    }
}

/// Programs try one address after the other, so one that listens on this machine is enough if no other is elsewhere.
fn leads(found: io::Result<Vec<IpAddr>>) -> Leads {
    match found {
        Ok(found) if found.contains(&HERE) && found.iter().all(IpAddr::is_loopback) => Leads::Here,
        Ok(mut found) => {
            found.sort_unstable();
            found.dedup();
            Leads::Elsewhere(found)
        }
        Err(error) => {
            let text = error.to_string();
            // Rust puts words of its own in front of those of the system.
            let words = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
            Leads::Nowhere(words.to_owned())
        }
    }
}

impl Leads {
    fn shown(&self) -> String {
        match self {
            Self::Here => format!("leads to {HERE}"),
            Self::Elsewhere(found) => {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                format!("leads to {}, not to {HERE}", found.join(", "))
            }
            Self::Nowhere(words) => format!("leads nowhere: {words}"),
            Self::Unanswered => format!("no answer within {} s", PATIENCE.as_secs()),
        }
    }
}

fn localhost_finding(projects: &[Names], leads: &Leads) -> Finding {
    let finding = Finding { id: "names.localhost".to_owned(), ..Finding::default() };
    if *leads == Leads::Here {
        let title = "names in localhost lead to this machine, for every program".to_owned();
        return Finding { title, ..finding };
    }
    let lines: Vec<String> = projects.iter().filter_map(|names| hosts_line(&names.local)).collect();
    let package = cfg!(target_os = "linux").then(|| {
        "sudo apt install libnss-myhostname  # or where there is no apt: sudo systemctl enable --now systemd-resolved"
            .to_owned()
    });
    let also = if package.is_some() { "  # or this, for these names alone" } else { "" };
    let steps = package.into_iter().chain(lines.iter().map(|line| format!("{}{also}", add(line))));
    Finding {
        level: Level::Note,
        title: "names in localhost are found by browsers, but not by every program".to_owned(),
        details: vec![
            format!("{CHECKED}: {}", leads.shown()),
            "browsers, and curl from 7.85 on, take them for this machine by themselves; programs in Node, \
             Python, Go or Java ask the system, and may not find them"
                .to_owned(),
        ],
        steps: steps.collect(),
        undo: lines.iter().map(|line| remove(line)).collect(),
        ..finding
    }
}

/// None where nobody has a domain.
fn domains_finding(projects: &[Names], seen: &[Leads]) -> Option<Finding> {
    let known = projects.iter().flat_map(|names| names.domains.iter().map(move |domain| (names, domain)));
    let finding = Finding { id: "names.domains".to_owned(), ..Finding::default() };
    let wrong: Vec<_> = known.zip(seen).filter(|(_, leads)| **leads != Leads::Here).collect();
    let count = |number: usize| if number == 1 { "1 domain".to_owned() } else { format!("{number} domains") };
    match (seen.len(), wrong.len()) {
        (0, _) => None,
        (all, 0) => {
            let verb = if all == 1 { "leads" } else { "lead" };
            Some(Finding { title: format!("{} {verb} to this machine", count(all)), ..finding })
        }
        (_, number) => {
            let detail = |((names, (domain, service)), leads): &((&Names, &(String, String)), &Leads)| {
                format!("{domain} of {service} in {}: {}", names.slug, leads.shown())
            };
            let mut names: Vec<String> = wrong.iter().map(|((_, (domain, _)), _)| domain.clone()).collect();
            names.sort_unstable();
            names.dedup();
            let line = hosts_line(&names);
            let verb = if number == 1 { "does" } else { "do" };
            Some(Finding {
                level: Level::Bad,
                title: format!("{} {verb} not lead to this machine", count(number)),
                details: wrong.iter().map(detail).collect(),
                steps: line.iter().map(|line| add(line)).collect(),
                undo: line.iter().map(|line| remove(line)).collect(),
                ..finding
            })
        }
    }
}

/// As /etc/hosts has it, with a mark by which it is found again. None without names.
fn hosts_line(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{HERE} {} # KInfra", names.join(" ")))
}

fn add(line: &str) -> String {
    format!("echo '{line}' | sudo tee -a /etc/hosts")
}

/// With a suffix, which both GNU and BSD understand.
fn remove(line: &str) -> String {
    format!("sudo sed -i.bak '/^{}$/d' /etc/hosts", line.replace('.', r"\."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, parse};

    fn names(slug: &str, services: &str) -> Names {
        let spec =
            parse("/shop/kinfra.yaml".as_ref(), &format!("services: {services}"), Format::Yaml).unwrap();
        let stored = StoredProject { slug: slug.into(), name: "shop".into(), folder: "/shop".into() };
        Names::of(&stored, &spec)
    }

    fn shown(finding: &Finding) -> String {
        let Finding { id, level, title, details, steps, undo } = finding;
        let lines = |name: &str, lines: &[String]| {
            lines.iter().map(|line| format!("\n  {name}: {line}")).collect::<String>()
        };
        let (details, steps, undo) = (lines("is", details), lines("do", steps), lines("undo", undo));
        format!("{id} {level:?}: {title}{details}{steps}{undo}")
    }

    fn some() -> [Names; 2] {
        [
            names(
                "shop",
                "{web: {run: x, domains: [shop.test, www.shop.test]}, My Api: {run: x, route: /api}, dns: {run: x, port: 53/udp}}",
            ),
            names("fix.shop", "{a: {run: x}, b: {run: x, domains: b.test}, c: {run: x, port: none}}"),
        ]
    }

    #[test]
    fn an_address_that_is_not_the_proxys_own_is_elsewhere() {
        let at = |found: &[&str]| leads(Ok(found.iter().map(|ip| ip.parse().unwrap()).collect()));
        assert_eq!(at(&["127.0.0.1"]), Leads::Here);
        assert_eq!(at(&["::1", "127.0.0.1", "127.0.0.1"]), Leads::Here);
        for found in [&["::1"][..], &["127.0.1.1"], &["127.0.0.1", "192.0.2.7"], &[]] {
            assert!(matches!(at(found), Leads::Elsewhere(_)), "{found:?}");
        }
        let error = io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(leads(Err(error)).shown(), "leads nowhere: Name or service not known");
    }

    #[test]
    fn names_that_lead_here_are_good() {
        insta::assert_snapshot!(shown(&localhost_finding(&some(), &Leads::Here)), @"names.localhost Good: names in localhost lead to this machine, for every program");
        let seen = [Leads::Here, Leads::Here, Leads::Here];
        insta::assert_snapshot!(shown(&domains_finding(&some(), &seen).unwrap()), @"names.domains Good: 3 domains lead to this machine");
        assert_eq!(domains_finding(&[], &[]), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn names_in_localhost_that_programs_do_not_find_come_with_ways_out() {
        let nowhere = Leads::Nowhere("Name or service not known".into());
        insta::assert_snapshot!(shown(&localhost_finding(&some(), &nowhere)), @r"
        names.localhost Note: names in localhost are found by browsers, but not by every program
          is: kinfra-check.localhost: leads nowhere: Name or service not known
          is: browsers, and curl from 7.85 on, take them for this machine by themselves; programs in Node, Python, Go or Java ask the system, and may not find them
          do: sudo apt install libnss-myhostname  # or where there is no apt: sudo systemctl enable --now systemd-resolved
          do: echo '127.0.0.1 shop.localhost web.shop.localhost my-api.shop.localhost # KInfra' | sudo tee -a /etc/hosts  # or this, for these names alone
          do: echo '127.0.0.1 a.fix.shop.localhost b.fix.shop.localhost # KInfra' | sudo tee -a /etc/hosts  # or this, for these names alone
          undo: sudo sed -i.bak '/^127\.0\.0\.1 shop\.localhost web\.shop\.localhost my-api\.shop\.localhost # KInfra$/d' /etc/hosts
          undo: sudo sed -i.bak '/^127\.0\.0\.1 a\.fix\.shop\.localhost b\.fix\.shop\.localhost # KInfra$/d' /etc/hosts
        ");
        insta::assert_snapshot!(shown(&localhost_finding(&[], &Leads::Unanswered)), @"
        names.localhost Note: names in localhost are found by browsers, but not by every program
          is: kinfra-check.localhost: no answer within 2 s
          is: browsers, and curl from 7.85 on, take them for this machine by themselves; programs in Node, Python, Go or Java ask the system, and may not find them
          do: sudo apt install libnss-myhostname  # or where there is no apt: sudo systemctl enable --now systemd-resolved
        ");
    }

    #[test]
    fn a_domain_that_leads_elsewhere_comes_with_the_line_that_mends_it() {
        let elsewhere = Leads::Elsewhere(vec![[192, 0, 2, 7].into()]);
        let seen = [Leads::Here, elsewhere, Leads::Unanswered];
        insta::assert_snapshot!(shown(&domains_finding(&some(), &seen).unwrap()), @r"
        names.domains Bad: 2 domains do not lead to this machine
          is: www.shop.test of web in shop: leads to 192.0.2.7, not to 127.0.0.1
          is: b.test of b in fix.shop: no answer within 2 s
          do: echo '127.0.0.1 b.test www.shop.test # KInfra' | sudo tee -a /etc/hosts
          undo: sudo sed -i.bak '/^127\.0\.0\.1 b\.test www\.shop\.test # KInfra$/d' /etc/hosts
        ");
    }

    #[tokio::test]
    async fn the_systems_own_resolver_is_asked() {
        assert_eq!(resolve("localhost".to_owned()).await, Leads::Here);
        assert_ne!(resolve("nobody.invalid".to_owned()).await, Leads::Here);
    }
}
