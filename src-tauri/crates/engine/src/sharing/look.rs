//! Deciding anew, and bringing about and showing what follows.

use std::collections::{BTreeMap, BTreeSet};

use kinfra_rpc::TunnelStatus;

use super::actor::{Actor, Node, quick_name};
use super::decide::{Decided, decide};
use super::handle::{Concerned, Input, Syncs};
use super::named::Wanted;
use super::show::{Fare, shared};
use super::visit::Visitor;
use super::wishes;
use crate::config::PublicPlace;
use crate::service_manager::Shared;

impl Actor {
    /// Decides anew, and brings about what follows.
    pub(super) async fn look(&mut self) {
        if self.ending {
            return self.show(&[]);
        }
        let now = self.context.connectors.services.clock.wall_now();
        self.take_up_new_names(now).await;
        let mut all = vec![];
        for concerned in (self.context.projects)() {
            let facts = concerned.instance.facts();
            let named = facts.public.keys().cloned();
            let wished = self.wishes.keys().filter(|(slug, _)| *slug == facts.slug);
            let services: BTreeSet<String> =
                named.chain(wished.map(|(_, service)| service.clone())).collect();
            for service in services {
                let node = (facts.slug.clone(), service);
                let public = self.public_of(&concerned, &node);
                let wishes = self.wishes.get(&node).map(Vec::as_slice).unwrap_or_default();
                let is_taken = |place: &PublicPlace| facts.taken_names.contains_key(&place.url());
                let decided = decide(&public, wishes, self.wanted.contains(&node), is_taken, now);
                all.push((concerned.clone(), node, decided));
            }
        }
        let quick = all.iter().filter(|(_, _, decided)| {
            decided.iter().any(|decided| decided.place.is_none() && decided.is_tunnelled)
        });
        let mut wanted: BTreeSet<String> = quick.map(|(_, node, _)| quick_name(node)).collect();
        let named = self.by_account(&all);
        let tunnels = &self.tunnels;
        wanted.extend(self.named.want(&named, |name| tunnels.is_active(name)).await);
        self.tunnels.want(&wanted).await;
        let tunnels = &self.tunnels;
        self.named.see(|name| tunnels.view(name));
        self.visit(&all);
        self.homeless = self.without_account(&all);
        self.show(&all);
    }

    /// A configuration may share more now of what runs.
    async fn take_up_new_names(&mut self, now: u64) {
        for node in self.wanted.clone() {
            let (public, known) = (self.public(&node), self.wishes.get(&node).cloned().unwrap_or_default());
            let wishes = wishes::complete(&public, &known, now);
            self.wish(&node, wishes)
                .await
                .unwrap_or_else(|failure| tracing::warn!(%failure, "not written down"));
        }
    }

    /// Host names that are to have a tunnel, with what they are for.
    fn names(all: &[(Concerned, Node, Vec<Decided>)]) -> impl Iterator<Item = (&str, &Node)> {
        all.iter().flat_map(|(_, node, decided)| {
            let tunnelled = decided.iter().filter(|decided| decided.is_tunnelled);
            tunnelled.filter_map(move |decided| Some((&*decided.place.as_ref()?.host, node)))
        })
    }

    fn by_account(&self, all: &[(Concerned, Node, Vec<Decided>)]) -> Wanted {
        let mut wanted = Wanted::new();
        for (host, (project, service)) in Self::names(all) {
            if let Some(account) = self.named.account_of(host) {
                let hosts = wanted.entry(account).or_default();
                // Of a host that several have paths of, the first one is named.
                hosts.entry(host.to_owned()).or_insert_with(|| format!("{project}/{service}"));
            }
        }
        wanted
    }

    fn without_account(&self, all: &[(Concerned, Node, Vec<Decided>)]) -> Vec<String> {
        let hosts: BTreeSet<&str> = Self::names(all).map(|(host, _)| host).collect();
        let homeless = hosts.into_iter().filter(|host| self.named.account_of(host).is_none());
        homeless.map(str::to_owned).collect()
    }

    pub(super) fn syncs(&self) -> Syncs {
        Syncs { accounts: self.named.syncs(), homeless: self.homeless.clone() }
    }

    /// Sends somebody outside to each name whose tunnel is up.
    fn visit(&mut self, all: &[(Concerned, Node, Vec<Decided>)]) {
        let mut places = BTreeMap::new();
        let mut names: BTreeMap<String, u64> = BTreeMap::new();
        for (_, node, decided) in all {
            for decided in decided {
                let fare = self.tunnel_of(node, decided).filter(|fare| fare.status.is_up());
                let Some(fare) = fare else { continue };
                let place = shared(decided.clone(), Some(fare.clone())).place;
                if let Some(place) = place.filter(|place| !place.is_pattern()) {
                    *names.entry(fare.tunnel.clone()).or_default() += 1;
                    places.insert(place.url(), (place, fare.tunnel));
                }
            }
        }
        let count = |(url, (_, tunnel)): (&String, &(PublicPlace, String))| (url.clone(), names[tunnel]);
        self.up = places.iter().map(count).collect();
        let now = self.context.connectors.services.clock.now();
        if self.up.is_empty() {
            return self.visits.keep(now, &self.up, true);
        }
        let Some(visitor) = self.visitor() else { return };
        self.visits.keep(now, &self.up, visitor.asks_dns);
        let Some(here) = (self.context.here)() else { return };
        for url in self.visits.due(now) {
            let Some((place, _)) = places.remove(&url) else { continue };
            let (visitor, here, inputs) = (visitor.clone(), here.clone(), self.inputs.clone());
            tokio::spawn(async move {
                let visit = visitor.visit(&place, &here).await;
                if let Some(inputs) = inputs.upgrade() {
                    let _ = inputs.send(Input::Visited { url, visit });
                }
            });
        }
    }

    fn visitor(&self) -> Option<Visitor> {
        let make = || {
            let made = Visitor::new(&self.context.connectors.options);
            made.inspect_err(|reason| tracing::warn!(reason, "public names are not visited")).ok()
        };
        self.visitor.get_or_init(make).clone()
    }

    fn show(&self, all: &[(Concerned, Node, Vec<Decided>)]) {
        let mut shown: BTreeMap<&str, (Concerned, BTreeMap<String, Vec<Shared>>)> = BTreeMap::new();
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (concerned, node, decided) in all {
            let names = decided.iter().cloned().map(|decided| {
                let fare = self.fare(node, &decided);
                let tunnel = fare.as_ref().map(|fare| fare.tunnel.clone());
                let shared = shared(decided, fare);
                if let (Some(tunnel), Some(place)) = (tunnel, &shared.place) {
                    hosts.entry(tunnel).or_default().push(place.host.clone());
                }
                shared
            });
            let (_, services) = shown.entry(&node.0).or_insert_with(|| (concerned.clone(), BTreeMap::new()));
            services.insert(node.1.clone(), names.collect());
        }
        for concerned in (self.context.projects)() {
            let slug = concerned.instance.facts().slug.clone();
            let after = shown.remove(&*slug).map(|(_, services)| services).unwrap_or_default();
            let before = concerned.instance.facts().shared.clone();
            if self.ending || before == after {
                continue;
            }
            let differs = |service: &&String| before.get(*service) != after.get(*service);
            let changed: BTreeSet<String> =
                before.keys().chain(after.keys()).filter(differs).cloned().collect();
            concerned.instance.change(|facts| facts.shared = after);
            changed.iter().for_each(|service| concerned.changed.node(service));
        }
        let clock = &self.context.connectors.services.clock;
        let tunnels = self.tunnels.states(clock, |name| hosts.get(name).cloned().unwrap_or_default());
        self.context.hub.change_engine(|engine| engine.tunnels = tunnels);
    }

    /// As its tunnel says, or else who was sent outside.
    fn fare(&self, node: &Node, decided: &Decided) -> Option<Fare> {
        let mut fare = self.tunnel_of(node, decided)?;
        let url = shared(decided.clone(), Some(fare.clone())).shown.url;
        let now = self.context.connectors.services.clock.now();
        let trouble = url.as_ref().and_then(|url| self.visits.trouble(now, url));
        if let Some(trouble) = trouble.filter(|_| fare.status.is_up()) {
            fare.reason = format!("not reached from outside: {trouble}");
            fare.status = TunnelStatus::Down;
        }
        Some(fare)
    }

    fn tunnel_of(&self, node: &Node, decided: &Decided) -> Option<Fare> {
        if !decided.is_tunnelled {
            return None;
        }
        if let Some(place) = &decided.place {
            return self.named.fare(&place.host, |name| self.tunnels.view(name));
        }
        let name = quick_name(node);
        let view = self.tunnels.view(&name)?;
        let (status, reason) = (view.verdict.status, view.verdict.reason);
        Some(Fare { tunnel: name, status, reason, host: view.quick_host })
    }
}
