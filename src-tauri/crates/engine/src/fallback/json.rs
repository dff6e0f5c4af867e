//! `application/problem+json` (RFC 9457), for programs.

use kinfra_proxy::{Audience, PageRequest, Trouble};
use kinfra_rpc::{Health, Phase};
use serde::Serialize;

use super::story::Story;
use super::view::{KnownProject, ServiceView};

#[derive(Serialize)]
struct ServiceProblem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(flatten)]
    service: Option<Service<'a>>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// For local visitors.
#[derive(Serialize)]
struct Service<'a> {
    project: &'a str,
    service: &'a str,
    phase: Phase,
    health: Health,
}

pub(super) fn service(view: &ServiceView, story: &Story, audience: Audience) -> String {
    let service =
        Service { project: &view.project, service: &view.service, phase: view.phase, health: view.health };
    encode(&ServiceProblem {
        r#type: kind(story.kind),
        title: &story.headline,
        status: story.status.as_u16(),
        detail: &story.reason,
        service: (audience == Audience::Local).then_some(service),
        retry_after: story.retry_after,
    })
}

#[derive(Serialize)]
struct Unknown<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: String,
    known: Vec<Known<'a>>,
}

#[derive(Serialize)]
struct Known<'a> {
    project: &'a str,
    service: &'a str,
    url: &'a str,
    phase: Phase,
}

pub(super) fn unknown(request: &PageRequest<'_>, projects: &[KnownProject]) -> String {
    let host = request.host;
    let (name, title, detail) = match request.trouble {
        Trouble::UnknownPath => {
            ("unknown-path", "Unknown path", format!("No service of {host} takes this path."))
        }
        _ => ("unknown-host", "Unknown host", format!("No service of any project has the name {host}.")),
    };
    let known = projects.iter().flat_map(|project| {
        project.services.iter().map(|service| Known {
            project: &project.name,
            service: &service.name,
            url: &service.url,
            phase: service.phase,
        })
    });
    encode(&Unknown { r#type: kind(name), title, status: 404, detail, known: known.collect() })
}

fn kind(name: &str) -> String {
    format!("urn:kinfra:problem:{name}")
}

fn encode(problem: &impl Serialize) -> String {
    // Strings and numbers only: there is nothing in it that JSON can't hold.
    serde_json::to_string(problem).unwrap_or_default()
}
