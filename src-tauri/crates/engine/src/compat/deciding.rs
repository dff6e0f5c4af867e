//! Who gets which port. Pure.
//!
//! What some file noted to have been in use comes before what was only asked for, whichever project is looked at first:
//! so the same ports come of projects that are moved over together and of those that are moved one after the other. Where
//! an earlier migration could not know that, what it gave is handed on, and whoever had it gives it up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kinfra_rpc::{MigratedService, PortOrigin, PortStep};

use super::draft::{Certainty, Draft, DraftService, Place};
use super::drafts::Drafts;
use super::former::{Starters, is_former};
use super::known::{Known, is_of_nobodys_choice};
use super::python;
use super::running::Running;
use crate::store::Claim;

/// What becomes of the ports of one project.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    pub services: Vec<MigratedService>,
    /// Names that have become those of projects with folders.
    pub elsewhere: BTreeSet<String>,
    /// Why nothing can be done.
    pub obstacle: Option<String>,
}

/// A port that somebody gives up for who is known to have had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// As its owner has it now.
    pub claim: Claim,
    /// The owner's folder.
    pub giver: PathBuf,
    /// The owner exists in calls of Python alone, where the service is another project's from now on.
    pub is_generated: bool,
    /// The folder of who gets it, and its service.
    pub taker: PathBuf,
    pub service: String,
}

/// What a service gives up for its old port can be had by another one that was decided before it: then all is decided again.
const AGAIN: usize = 4;

/// By project, in their order, and what is handed on.
pub fn decide(
    projects: &[&Draft],
    drafts: &Drafts,
    known: &Known,
    running: &Running,
    generated: &Path,
) -> (Vec<Decision>, Vec<Handed>) {
    let (starters, turns) = (Starters::new(drafts, running), Turns::new(projects));
    let begun = || Deciding {
        known,
        running,
        generated,
        starters: &starters,
        turns: &turns,
        kept: BTreeMap::new(),
        can_be_had: BTreeSet::new(),
        given_up: BTreeSet::new(),
        handed: vec![],
    };
    let mut deciding = begun();
    let mut decisions = deciding.all(projects);
    for _ in 0..AGAIN {
        if deciding.given_up == deciding.can_be_had {
            break;
        }
        deciding = Deciding { can_be_had: deciding.given_up, ..begun() };
        decisions = deciding.all(projects);
    }
    (decisions, deciding.handed)
}

/// Who comes first: the surer one, and of two that are as sure, the one with a folder before Python's.
struct Turns {
    /// The ports that services with a folder had.
    of_folders: BTreeSet<u16>,
    /// Those that Python's had, and how sure they are.
    of_python: BTreeMap<u16, Certainty>,
}

impl Turns {
    fn new(projects: &[&Draft]) -> Self {
        let mut turns = Self { of_folders: BTreeSet::new(), of_python: BTreeMap::new() };
        for draft in projects {
            for service in draft.services.iter().filter(|service| service.is_sure()) {
                let Some(port) = service.port else { continue };
                if draft.folder.is_some() {
                    turns.of_folders.insert(port);
                } else {
                    let known = turns.of_python.entry(port).or_default();
                    *known = service.certainty.max(*known);
                }
            }
        }
        turns
    }

    fn of(&self, draft: &Draft, service: &DraftService) -> (Reverse<Certainty>, bool) {
        let is_rival =
            draft.folder.is_none() && service.port.is_some_and(|port| self.of_folders.contains(&port));
        // What nobody noted is as sure as anything of that kind.
        let certainty = if service.is_sure() { service.certainty } else { Certainty::None };
        (Reverse(certainty), is_rival)
    }
}

struct Deciding<'d> {
    known: &'d Known,
    running: &'d Running,
    generated: &'d Path,
    starters: &'d Starters,
    turns: &'d Turns,
    /// For whom.
    kept: BTreeMap<u16, String>,
    /// Those that their owners give up for their old ones, as far as that was known before.
    can_be_had: BTreeSet<u16>,
    /// And as it turns out.
    given_up: BTreeSet<u16>,
    handed: Vec<Handed>,
}

impl Deciding<'_> {
    fn all(&mut self, projects: &[&Draft]) -> Vec<Decision> {
        let mut all: Vec<(usize, usize)> = vec![];
        for (at, draft) in projects.iter().enumerate() {
            all.extend((0..draft.services.len()).map(|number| (at, number)));
        }
        all.sort_by_key(|(at, number)| self.turns.of(projects[*at], &projects[*at].services[*number]));
        let mut decisions = vec![Decision::default(); projects.len()];
        let mut decided: BTreeMap<(usize, usize), MigratedService> = BTreeMap::new();
        for (at, number) in all {
            let service = &projects[at].services[number];
            decided.insert((at, number), self.service(projects[at], service, &mut decisions[at]));
        }
        for ((at, _), service) in decided {
            decisions[at].services.push(service);
        }
        decisions
    }

    fn service(&mut self, draft: &Draft, service: &DraftService, decision: &mut Decision) -> MigratedService {
        let folder = draft.place(self.generated);
        let instance = self.known.project(&folder).map(|project| &*project.slug);
        let has = instance.is_some_and(|instance| self.known.claim(instance, &service.name).is_some());
        if draft.folder.is_none()
            && !has
            && let Some(place) = self.known.moved_to(draft, service)
        {
            decision.elsewhere.insert(service.name.clone());
            let detail = Some(format!("it is {place}"));
            return MigratedService { step: PortStep::Settled, detail, public: vec![], ..begun(service) };
        }
        let present =
            self.known.configurations.get(&folder).and_then(|present| present.content.as_ref().ok());
        let fixed = present.and_then(|content| *content.services.get(&service.name)?);
        match fixed.filter(|fixed| service.port.is_some_and(|port| port != *fixed)) {
            Some(fixed) => named(service, fixed),
            None => self.port(draft, service, instance, decision),
        }
    }

    fn port(
        &mut self,
        draft: &Draft,
        service: &DraftService,
        instance: Option<&str>,
        decision: &mut Decision,
    ) -> MigratedService {
        let mut decided = begun(service);
        let Some(port) = service.port else {
            decided.step = PortStep::Choose;
            return decided;
        };
        let known = self.known;
        let handed = self.givers(draft, service, instance);
        let is_handed =
            |claim: &Claim| self.handed.iter().chain(&handed).any(|handed| handed.claim.key == claim.key);
        let has = instance.and_then(|instance| known.claim(instance, &service.name));
        let has = has.filter(|claim| !is_handed(claim));
        let owner = known
            .owner(port)
            .filter(|claim| !self.can_be_had.contains(&port) && !is_handed(claim))
            .map(|claim| (&*claim.key.instance, &*claim.key.node));
        let occupant = self.running.occupants.get(&port);
        let former = occupant.filter(|occupant| is_former(service, occupant, self.starters));
        match (owner, has, self.kept.get(&port)) {
            (Some(_), Some(claim), _) if claim.port == port => {
                let may_be_adopted = former.is_some() && claim.origin == PortOrigin::Import;
                // What a person chose is more than what is noted with it.
                let is_chosen = matches!(claim.origin, PortOrigin::User | PortOrigin::Adopted);
                let is_noted = is_chosen || service.tunnel.is_none() || claim.former_tunnel == service.tunnel;
                decided.step = match (may_be_adopted, is_noted) {
                    (true, _) => PortStep::Adopt,
                    (false, true) => PortStep::Settled,
                    (false, false) => PortStep::Keep,
                };
            }
            (Some((of, node)), ..) => {
                decided.step = PortStep::Conflict;
                decided.detail = Some(format!("it is {node}'s of {of}"));
            }
            (None, _, Some(other)) => {
                decided.step = PortStep::Conflict;
                decided.detail = Some(format!("it is kept for {other}"));
            }
            // Only wished, and the service has another one since.
            (None, Some(claim), None) if !is_of_nobodys_choice(claim.origin) || !service.is_sure() => {
                decided.step = PortStep::Other;
                let slug = &claim.key.instance;
                decided.detail = Some(format!(
                    "it has {}; kinfra ports move {} --to {port} --project {slug} gives it the old one",
                    claim.port, service.name
                ));
            }
            (None, has, None) => {
                if let Some(obstacle) = handed.iter().find_map(|handed| self.obstacle(handed)) {
                    decided.step = PortStep::Conflict;
                    decided.detail = Some(obstacle.clone());
                    decision.obstacle.get_or_insert(obstacle);
                    return decided;
                }
                decided.step = if former.is_some() { PortStep::Adopt } else { PortStep::Keep };
                let before = has.map(|claim| format!("in the place of {}", claim.port));
                let details: Vec<String> = before.into_iter().chain(handed.iter().map(shown)).collect();
                decided.detail = (!details.is_empty()).then(|| details.join("; "));
                self.given_up.extend(has.map(|claim| claim.port));
                self.handed.extend(handed);
            }
        }
        if matches!(decided.step, PortStep::Keep | PortStep::Adopt | PortStep::Settled) {
            self.kept.insert(port, format!("{} of {}", service.name, draft.name));
        }
        match decided.step {
            PortStep::Adopt => decided.pid = former.and_then(|occupant| Some(occupant.line.first()?.pid)),
            PortStep::Keep => {
                if let Some(stranger) = occupant {
                    let on = self.starters.stranger(service, stranger);
                    let before = decided.detail.take();
                    decided.detail = Some(before.map_or(on.clone(), |before| format!("{before}; {on}")));
                }
            }
            _ => {}
        }
        decided
    }

    /// Who gives something up for it: those of Python's for a project with a folder, and whoever was given its port
    /// although no file had noted it.
    fn givers(&self, draft: &Draft, service: &DraftService, instance: Option<&str>) -> Vec<Handed> {
        let taker = draft.place(self.generated);
        let handed = |claim: &Claim, giver: &Path, is_generated| Handed {
            claim: claim.clone(),
            giver: giver.to_owned(),
            is_generated,
            taker: taker.clone(),
            service: service.name.clone(),
        };
        // A port that is more surely another name's is not this one's to take.
        let rival = service.port.and_then(|port| self.turns.of_python.get(&port));
        let is_surest = rival.is_none_or(|rival| *rival <= service.certainty);
        let namesakes = || self.known.namesakes(service, self.generated, is_surest);
        let of_python = draft.folder.is_some().then(namesakes);
        let of_python = of_python.unwrap_or_default().into_iter().filter_map(|claim| {
            Some(handed(claim, &self.known.of_python(claim, self.generated)?.folder, true))
        });
        let mut all: Vec<Handed> = of_python.collect();
        let owner = service.port.and_then(|port| self.known.owner(port));
        let unsure = owner.filter(|claim| {
            self.known.is_unsure(claim, draft, service)
                && Some(&*claim.key.instance) != instance
                && all.is_empty()
        });
        let unsure = unsure.and_then(|claim| {
            let of = self.known.projects.iter().find(|project| project.slug == claim.key.instance)?;
            Some(handed(claim, &of.folder, false))
        });
        all.extend(unsure);
        all
    }

    /// Why it can't be given up now.
    fn obstacle(&self, Handed { claim, giver, is_generated, .. }: &Handed) -> Option<String> {
        let (node, slug, port) = (&claim.key.node, &claim.key.instance, claim.port);
        if self.known.busy.contains(&(slug.clone(), node.clone())) {
            return Some(format!(
                "{node} of {slug} runs, and has {port} until it is moved over: kinfra down {node} --project {slug}, then \
                 migrate again"
            ));
        }
        let present = self.known.configurations.get(giver).filter(|_| *is_generated)?;
        let why = python::without(&present.text, &BTreeSet::from([node.clone()])).err()?;
        Some(format!("{node} of {slug} has {port} and can't give it up: {why}"))
    }
}

fn shown(Handed { claim, is_generated, service, .. }: &Handed) -> String {
    let (node, slug, port) = (&claim.key.node, &claim.key.instance, claim.port);
    if *is_generated {
        format!("{node} of {slug} in calls of Python, with {port}, is this {service} from now on")
    } else {
        format!("{node} of {slug} gives it up, which had it only by default")
    }
}

/// What is known of a service, whatever becomes of its port.
fn begun(service: &DraftService) -> MigratedService {
    MigratedService {
        name: service.name.clone(),
        port: service.port,
        public: service.places.iter().map(Place::shown).collect(),
        tunnel: service.tunnel.clone(),
        ..MigratedService::default()
    }
}

/// Its user's own file names another port.
fn named(service: &DraftService, fixed: u16) -> MigratedService {
    let detail = Some(format!("its kinfra.yaml names {fixed}"));
    MigratedService { step: PortStep::Other, detail, ..begun(service) }
}
