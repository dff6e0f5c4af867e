use std::collections::HashMap;

use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::{ProjectFile, PublicFile, ServiceFile};
use crate::config::service_ports::DeclaredPort;
use crate::config::settings::{Public, PublicAt};
use crate::config::spec::WhenStopped;
use crate::schema::tree::{Key, Position};
use crate::schema::{OneOrMany, Placed, Reader, Words};

/// One path, one domain and one public URL are for one service, which takes connections.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    let (mut paths, mut domains, mut public) = (HashMap::new(), HashMap::new(), HashMap::new());
    for (service, declared) in &project.services.0 {
        let Some(declared) = declared else { continue };
        check_port(service, declared, reader);
        let path = declared.route.as_ref().and_then(|route| route.value.0.path.as_ref());
        if let Some(path) = path {
            let known = *paths.entry(&path.value.0).or_insert((service, path.at));
            let what = format!("the path `{}`", path.value.0);
            report_second(&what, known, (service, path.at), "give one of them another path", reader);
        }
        for domain in &declared.domains {
            let known = *domains.entry(&domain.value.0).or_insert((service, domain.at));
            let what = format!("the domain `{}`", domain.value.0);
            report_second(&what, known, (service, domain.at), "take it away from one of them", reader);
        }
        for Placed { value: Public(declared), .. } in &declared.public {
            check_parking(declared, reader);
            for Placed { value, at } in declared.host.iter().flat_map(|OneOrMany(hosts)| hosts) {
                let PublicAt::Named(place) = value else { continue };
                let known = *public.entry(place).or_insert((service, *at));
                let what = format!("the public URL `{}`", place.url());
                let hint = "take it away from one of them, or give one a path: `shop.example.com/api`";
                report_second(&what, known, (service, *at), hint, reader);
            }
        }
    }
}

/// The name of a quick tunnel is gone with it.
fn check_parking(declared: &PublicFile, reader: &mut Reader) {
    let is_quick =
        |hosts: &OneOrMany<Placed<PublicAt>>| hosts.0.iter().any(|host| host.value == PublicAt::Quick);
    if let Some(Placed { value: Words(WhenStopped::Park), at }) = &declared.when_stopped
        && declared.host.as_ref().is_some_and(is_quick)
    {
        let message =
            "`when_stopped: park` needs a name of your own: `quick` has another one after each start";
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        reader.report(
            *at,
            problem.hint("leave `when_stopped` off, or write a host name such as `shop.example.com`"),
        );
    }
}

fn report_second(
    what: &str,
    (first, first_at): (&Key, Position),
    (second, at): (&Key, Position),
    hint: &str,
    reader: &mut Reader,
) {
    // Who says it twice means it once; and a key written twice was reported when the file was read.
    if first.text == second.text {
        return;
    }
    let message = format!(
        "`{}` takes {what}, which `{}` already has (line {})",
        second.text, first.text, first_at.line
    );
    reader.report(at, Problem::new(ErrorCode::ConfigNameCollision, message).hint(hint));
}

/// Nobody can be led to a service that takes no connections.
fn check_port(service: &Key, declared: &ServiceFile, reader: &mut Reader) {
    let (fault, hint) = match declared.main_port() {
        None if declared.ports.is_none() => ("it has no port", "give it one, such as `port: auto`"),
        Some(main) if DeclaredPort::is_udp(&main) => (
            "its port is a UDP one, which takes no connections",
            "give it `ports` with a TCP one named `http`",
        ),
        // Ports that can't be read may be any.
        None | Some(_) => return,
    };
    let given = [
        ("route", declared.route.as_ref().map(|route| route.at)),
        ("domains", declared.domains.first().map(|domain| domain.at)),
        ("public", declared.public.first().map(|place| place.at)),
        ("proxy", declared.proxy.as_ref().map(|proxy| proxy.at)),
    ];
    for (key, at) in given {
        let Some(at) = at else { continue };
        let message = format!("`services.{}` has `{key}`, but {fault}", service.text);
        reader.report(at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
    }
}
