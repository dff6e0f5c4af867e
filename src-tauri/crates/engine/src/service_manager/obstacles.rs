//! What keeps a service from being started, in words.

use kinfra_rpc::{ErrorCode, Problem};

use crate::config::PortChoice;
use crate::process::{PortHolder, SpawnError};

/// Somebody else listens on a service's port.
pub fn port_taken(service: &str, port: u16, choice: &PortChoice, holder: Option<&PortHolder>) -> Problem {
    let by = holder.map_or_else(|| "another program".to_owned(), ToString::to_string);
    let problem = Problem::new(ErrorCode::PortTaken, format!("port {port} of {service} is taken by {by}"));
    problem.hint(match choice {
        PortChoice::Fixed(_) => format!("end that program, or write another port for {service}"),
        PortChoice::Auto | PortChoice::Preferred(_) => {
            format!("end that program, or give {service} another port for good: kinfra move-port {service}")
        }
    })
}

/// The keeper could not start it.
pub fn not_spawned(service: &str, program: &str, error: &SpawnError) -> Problem {
    let message = format!("cannot start {service} ({program}): {error}");
    match error {
        SpawnError::Refused { .. } => {
            Problem::new(ErrorCode::CommandNotFound, message).hint("look at run and dir of the service")
        }
        SpawnError::Lost => Problem::new(ErrorCode::KeeperLost, message).hint("start it again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_obstacle_is_named_with_a_way_around() {
        let holder = PortHolder {
            user: 1000,
            pid: Some(4711),
            program: Some("node".into()),
            command: Some("node server.js".into()),
            folder: Some("/home/me/old-shop".into()),
        };
        let others = PortHolder { user: 33, pid: None, program: None, command: None, folder: None };
        let refused = SpawnError::Refused { errno: 8, doing: "execute /home/me/shop/serve".into() };
        let texts = [
            port_taken("web", 23_828, &PortChoice::Auto, Some(&holder)),
            port_taken("web", 8080, &PortChoice::Fixed(8080), Some(&others)),
            port_taken("web", 8080, &PortChoice::Fixed(8080), None),
            not_spawned("web", "/home/me/shop/serve", &refused),
            not_spawned("web", "/usr/bin/node", &SpawnError::Lost),
        ];
        insta::assert_snapshot!(texts.map(|problem| problem.to_string()).join("\n"), @r"
        port 23828 of web is taken by node (pid 4711, in /home/me/old-shop)
          hint: end that program, or give web another port for good: kinfra move-port web
        port 8080 of web is taken by a program of the user with the id 33
          hint: end that program, or write another port for web
        port 8080 of web is taken by another program
          hint: end that program, or write another port for web
        cannot start web (/home/me/shop/serve): cannot execute /home/me/shop/serve: Exec format error (os error 8)
          hint: look at run and dir of the service
        cannot start web (/usr/bin/node): the keeper was lost while it started the process
          hint: start it again
        ");
    }
}
