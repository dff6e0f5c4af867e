//! Services whose visitors are shown that they are being worked on, because their user wants that. It holds over
//! restarts of the services and of the engine until it is ended.

use kinfra_rpc::{Done, ErrorCode, EventKind, Failure, Maintain, Maintenance, Problem};

use super::engine::Engine;
use crate::orchestrator::Command;
use crate::supervisor::Note;

/// A note is a sentence for visitors, in characters.
const LONGEST_NOTE: usize = 200;

impl Engine {
    pub(super) async fn maintain(&self, asked: &Maintain) -> Result<Done, Failure> {
        let project = self.project(&asked.project)?;
        let facts = project.instance.facts();
        let services = match asked.services.is_empty() {
            true => project.all_services().into_iter().filter(|name| facts.serves_http(name)).collect(),
            false => project.services_of(&asked.services)?,
        };
        if let Some(name) = services.iter().find(|name| !facts.serves_http(name)) {
            let message = format!("{name} has no visitors: it has no port that takes connections");
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint("maintenance is for services with a URL")
                .into());
        }
        let note = asked.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
        if note.is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
            let message = format!("the note for visitors is longer than {LONGEST_NOTE} characters");
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint("say in one sentence what visitors should know, such as: back at 15:00")
                .into());
        }
        let now = self.services.clock.wall_now();
        let begun = asked.on.then(|| Maintenance {
            since: now,
            note: note.map(str::to_owned),
            until: asked.until.filter(|until| *until > now),
        });
        let of = |service: &String| {
            // Who only says something else goes on with it.
            let since = facts.maintenance.get(service).map_or(now, |known| known.since);
            (service.clone(), begun.clone().map(|begun| Maintenance { since, ..begun }))
        };
        let all: Vec<_> = services.iter().map(of).collect();
        self.store.set_maintenance(asked.project.clone(), all.clone()).await?;
        project.instance.change(|facts| {
            for (service, maintenance) in all {
                match maintenance {
                    Some(maintenance) => drop(facts.maintenance.insert(service, maintenance)),
                    None => drop(facts.maintenance.remove(&service)),
                }
            }
        });
        let text = match &begun {
            None => "maintenance ended: its visitors reach it again".to_owned(),
            Some(Maintenance { note: None, .. }) => "maintenance: its visitors are shown a page".to_owned(),
            Some(Maintenance { note: Some(note), .. }) => {
                format!("maintenance: its visitors are told: {note}")
            }
        };
        for service in &services {
            let note = Note { run: 0, kind: EventKind::Changed, text: text.clone() };
            self.services.timeline.record(&asked.project, service, note);
            facts.nodes_of(service).iter().for_each(|node| project.changed.node(node));
        }
        project.stack.tell(Command::Look).await;
        tracing::info!(project = asked.project, ?services, on = asked.on, "maintenance");
        Ok(Done {})
    }
}
