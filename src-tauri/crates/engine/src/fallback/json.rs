//! `application/problem+json` (RFC 9457), for programs.

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
    project: &'a str,
    service: &'a str,
    phase: Phase,
    health: Health,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

pub(super) fn service(view: &ServiceView, story: &Story) -> String {
    encode(&ServiceProblem {
        r#type: kind(story.kind),
        title: &story.headline,
        status: story.status.as_u16(),
        detail: &story.reason,
        project: &view.project,
        service: &view.service,
        phase: view.phase,
        health: view.health,
        retry_after: story.retry_after,
    })
}

#[derive(Serialize)]
struct UnknownHost<'a> {
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

pub(super) fn unknown_host(host: &str, projects: &[KnownProject]) -> String {
    let known = projects.iter().flat_map(|project| {
        project.services.iter().map(|service| Known {
            project: &project.name,
            service: &service.name,
            url: &service.url,
            phase: service.phase,
        })
    });
    encode(&UnknownHost {
        r#type: kind("unknown-host"),
        title: "Unknown host",
        status: 404,
        detail: format!("No service of any project has the name {host}."),
        known: known.collect(),
    })
}

fn kind(name: &str) -> String {
    format!("urn:kinfra:problem:{name}")
}

fn encode(problem: &impl Serialize) -> String {
    // Strings and numbers only: there is nothing in it that JSON can't hold.
    serde_json::to_string(problem).unwrap_or_default()
}
