use kinfra_rpc::{ErrorCode, Problem};

use super::resources;
use crate::config::declaration::{ProbeFile, ProjectFile, ServiceFile};
use crate::config::references::{Mode, Reference, Segment, ServiceAttribute, segments};
use crate::config::secrets::HELD;
use crate::schema::tree::Position;
use crate::schema::{Entries, Placed, Reader, Scalar, nearest};

/// A text that may hold references, and what may stand in it.
struct Text<'t> {
    text: &'t str,
    at: Position,
    mode: Mode,
    /// A secret on a command line can be read by every user of the machine, and a path ends in the logs of servers.
    may_hold_secrets: bool,
}

/// Every `${…}` names something that is there.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    let services = project.services.0.iter().filter_map(|(_, service)| service.as_ref());
    for text in values(&project.env).chain(services.flat_map(texts)) {
        for segment in segments(text.text, text.mode) {
            let problem = match segment {
                Ok(Segment::Literal(_)) => None,
                Ok(Segment::Reference(reference)) => fault(&reference, &text, project),
                Err(problem) => Some(problem),
            };
            if let Some(problem) = problem {
                reader.report(text.at, problem);
            }
        }
    }
}

fn values(entries: &Entries<Placed<Scalar>>) -> impl Iterator<Item = Text<'_>> {
    let values = entries.0.iter().filter_map(|(_, value)| value.as_ref());
    values.map(|value| Text {
        text: &value.value.0,
        at: value.at,
        mode: Mode::Setting,
        may_hold_secrets: true,
    })
}

fn texts(service: &ServiceFile) -> Vec<Text<'_>> {
    let probes: Vec<&ProbeFile> = service.health.iter().flat_map(|health| health.value.probes()).collect();
    let own = service.resource.iter().flat_map(|resource| resource.settings.commands());
    let commands = service.run.iter().chain(own);
    let commands = commands.chain(probes.iter().filter_map(|probe| probe.command.as_ref()));
    let words = commands.flat_map(|command| {
        let text = |text| Text { text, at: command.at, mode: Mode::Run, may_hold_secrets: false };
        command.value.texts().iter().map(move |word| text(word.as_str()))
    });
    let requests = || probes.iter().filter_map(|probe| probe.http.as_ref()).map(|http| &http.value.0);
    let setting = |text, at, may_hold_secrets| Text { text, at, mode: Mode::Setting, may_hold_secrets };
    let paths = requests().filter_map(|http| http.path.as_ref());
    let sent = requests().flat_map(|http| &http.send.0);
    let sent = sent.filter_map(|(_, value)| value.as_ref());
    words
        .chain(paths.map(|path| setting(path.value.as_str(), path.at, false)))
        .chain(sent.map(|value| setting(value.value.0.as_str(), value.at, true)))
        .chain(values(&service.env))
        .chain(service.resource.iter().flat_map(|resource| {
            let texts = resource.settings.texts().into_iter();
            texts
                .map(|text| setting(text.text, text.at, text.may_hold_secrets))
                .chain(values(&resource.outputs))
        }))
        .collect()
}

fn fault(reference: &Reference, text: &Text<'_>, project: &ProjectFile) -> Option<Problem> {
    match reference {
        Reference::Service { service, .. } | Reference::NamedPort { service, .. } => {
            let services = &project.services.0;
            match services.iter().find(|(key, _)| key.text == *service) {
                None => {
                    let names = services.iter().map(|(key, _)| key.text.as_str());
                    Some(unknown(reference, "service", service, nearest(service, names)))
                }
                Some((_, target)) => port_fault(reference, service, target.as_ref()?),
            }
        }
        Reference::Resource { resource, attribute } => {
            resources::fault(reference, resource, attribute, text.may_hold_secrets, project)
        }
        Reference::Secret(name) if name.starts_with(HELD) => {
            let message = format!("`{reference}` names no secret: that one is KInfra's own");
            Some(
                Problem::new(ErrorCode::ConfigUnknownReference, message)
                    .hint("write a name such as `${secret:shop/database}`"),
            )
        }
        Reference::Secret(name) if !text.may_hold_secrets => {
            let message =
                format!("`{reference}` may stand in `env` only: a command line can be read by others");
            let hint = format!("set a variable to `${{secret:{name}}}` and use that");
            Some(Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint))
        }
        Reference::Secret(_) | Reference::Project(_) | Reference::Instance(_) | Reference::Environment(_) => {
            None
        }
    }
}

/// The service has the port that is referred to, and it is of the right kind.
fn port_fault(reference: &Reference, service: &str, target: &ServiceFile) -> Option<Problem> {
    let problem = |message| Problem::new(ErrorCode::ConfigUnknownReference, message);
    if target.serves_nothing() {
        let message = format!("`{reference}`: `{service}` has no port, so nothing answers there");
        return Some(problem(message).hint(format!("give `{service}` a port, or take the reference away")));
    }
    match reference {
        Reference::NamedPort { port, .. } => {
            let ports = target.all_ports();
            let names = || ports.iter().map(|port| port.name);
            if ports.is_empty() || names().any(|name| name == port) {
                return None;
            }
            let message = format!("`{reference}`: `{service}` has no port `{port}`");
            Some(problem(message).hint(match nearest(port, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", names().collect::<Vec<_>>().join(", ")),
            }))
        }
        Reference::Service {
            attribute: ServiceAttribute::Url | ServiceAttribute::LocalUrl | ServiceAttribute::PublicUrl,
            ..
        } if target.main_port().is_some_and(|main| main.is_udp()) => {
            let message = format!(
                "`{reference}`: the main port of `{service}` is a UDP port, where no HTTP is answered"
            );
            let own = |attribute: &str| format!("`${{services.{service}.{attribute}}}`");
            Some(problem(message).hint(format!("use {} and {}", own("host"), own("port"))))
        }
        _ => None,
    }
}

pub(super) fn unknown(reference: &Reference, kind: &str, name: &str, near: Option<&str>) -> Problem {
    let message = format!("`{reference}`: there is no {kind} `{name}`");
    let problem = Problem::new(ErrorCode::ConfigUnknownReference, message);
    match near {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}
