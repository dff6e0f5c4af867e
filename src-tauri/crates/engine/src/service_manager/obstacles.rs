//! What keeps a service from being started, in words.

use kinfra_rpc::{ErrorCode, PortHolder, Problem};
use rustix::io::Errno;

use crate::port_registry::NodePort;
use crate::process::SpawnError;

/// Somebody else is on a service's port.
pub fn port_taken(service: &str, port: &NodePort, holder: Option<&PortHolder>) -> Problem {
    let by = holder.map_or_else(|| "another program".to_owned(), ToString::to_string);
    let NodePort { port, name, .. } = port;
    let of = if name == "http" { service.to_owned() } else { format!("{service} ({name})") };
    let problem = Problem::new(ErrorCode::PortTaken, format!("port {port} of {of} is taken by {by}"));
    let other =
        format!("give {service} another port (kinfra ports move {service}, with --once for this time)");
    let adopt = format!("leave the port to it (kinfra ports adopt {service})");
    problem.hint(match holder {
        // Another one of ours is stopped as what it is.
        Some(PortHolder { project: Some(project), node: Some(node), .. }) => {
            format!("{other}, or stop {node} (kinfra down {node} --project {project})")
        }
        Some(PortHolder { container: Some(container), .. }) => {
            format!("{other}, {adopt}, or stop it (docker stop {container})")
        }
        Some(PortHolder { pid: Some(_), .. }) => {
            format!("{other}, {adopt}, or end it (kinfra ports free {port})")
        }
        _ => format!("{other}, or {adopt}"),
    })
}

/// Somebody else listens on a service's port, although the service runs.
pub fn listened_by_another(service: &str, port: u16, holder: Option<&PortHolder>) -> Problem {
    let by = holder.map_or_else(|| "another program".to_owned(), ToString::to_string);
    let message = format!("port {port} is answered by {by}, not by {service}");
    Problem::new(ErrorCode::PortTaken, message).hint(format!(
        "end that program and restart {service}; if it listens for {service}, as a container does, \
         write `listener: any` in its health"
    ))
}

/// The keeper could not start it.
pub fn not_spawned(service: &str, program: &str, error: &SpawnError) -> Problem {
    let message = format!("cannot start {service} ({program}): {error}");
    match error {
        SpawnError::Refused { errno, .. } => match Errno::from_raw_os_error(*errno) {
            Errno::AGAIN => Problem::new(ErrorCode::Io, message).hint(
                "this user may have no more processes: end some, or raise the limit (ulimit -u), then start it again",
            ),
            Errno::MFILE | Errno::NFILE => Problem::new(ErrorCode::Io, message).hint(
                "no descriptor is left: stop some services, or raise the hard limit (ulimit -Hn), then start it again",
            ),
            Errno::NOMEM => Problem::new(ErrorCode::Io, message)
                .hint("no memory is left: end something, then start it again"),
            Errno::NOSPC => {
                Problem::new(ErrorCode::Io, message).hint("the disk is full: free some space, then start it again")
            }
            _ => Problem::new(ErrorCode::CommandNotFound, message).hint("look at run and dir of the service"),
        },
        SpawnError::Lost => Problem::new(ErrorCode::KeeperLost, message).hint("start it again"),
    }
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{PortOrigin, Protocol};

    use super::*;

    #[test]
    fn each_obstacle_is_named_with_a_way_around() {
        let port = |name: &str, port| NodePort {
            name: name.to_owned(),
            protocol: Protocol::Tcp,
            port,
            origin: PortOrigin::Hash,
        };
        let holder = PortHolder {
            pid: Some(4711),
            program: Some("node".into()),
            folder: Some("/home/me/old-shop".into()),
            ..PortHolder::default()
        };
        let ours = PortHolder { project: Some("bank".into()), node: Some("core".into()), ..holder.clone() };
        let container = PortHolder { container: Some("shop-db-1".into()), ..PortHolder::default() };
        let others = PortHolder { user: "www-data".into(), ..PortHolder::default() };
        let refused = SpawnError::Refused { errno: 8, doing: "execute /home/me/shop/serve".into() };
        let limited = |errno, doing: &str| SpawnError::Refused { errno, doing: doing.to_owned() };
        let texts = [
            port_taken("web", &port("http", 23_828), Some(&holder)),
            port_taken("web", &port("http", 23_828), Some(&ours)),
            port_taken("web", &port("metrics", 8080), Some(&container)),
            port_taken("web", &port("http", 8080), Some(&others)),
            port_taken("web", &port("http", 8080), None),
            listened_by_another("web", 8080, Some(&container)),
            not_spawned("web", "/home/me/shop/serve", &refused),
            not_spawned("web", "/usr/bin/node", &limited(11, "run /usr/bin/node")),
            not_spawned("web", "/usr/bin/node", &limited(24, "make a pipe for run 4f")),
            not_spawned("web", "/usr/bin/node", &SpawnError::Lost),
        ];
        insta::assert_snapshot!(texts.map(|problem| problem.to_string()).join("\n"), @r"
        port 23828 of web is taken by node (pid 4711, in /home/me/old-shop)
          hint: give web another port (kinfra ports move web, with --once for this time), leave the port to it (kinfra ports adopt web), or end it (kinfra ports free 23828)
        port 23828 of web is taken by core of bank (pid 4711)
          hint: give web another port (kinfra ports move web, with --once for this time), or stop core (kinfra down core --project bank)
        port 8080 of web (metrics) is taken by the container shop-db-1
          hint: give web another port (kinfra ports move web, with --once for this time), leave the port to it (kinfra ports adopt web), or stop it (docker stop shop-db-1)
        port 8080 of web is taken by a program of the user www-data
          hint: give web another port (kinfra ports move web, with --once for this time), or leave the port to it (kinfra ports adopt web)
        port 8080 of web is taken by another program
          hint: give web another port (kinfra ports move web, with --once for this time), or leave the port to it (kinfra ports adopt web)
        port 8080 is answered by the container shop-db-1, not by web
          hint: end that program and restart web; if it listens for web, as a container does, write `listener: any` in its health
        cannot start web (/home/me/shop/serve): cannot execute /home/me/shop/serve: Exec format error (os error 8)
          hint: look at run and dir of the service
        cannot start web (/usr/bin/node): cannot run /usr/bin/node: Resource temporarily unavailable (os error 11)
          hint: this user may have no more processes: end some, or raise the limit (ulimit -u), then start it again
        cannot start web (/usr/bin/node): cannot make a pipe for run 4f: Too many open files (os error 24)
          hint: no descriptor is left: stop some services, or raise the hard limit (ulimit -Hn), then start it again
        cannot start web (/usr/bin/node): the keeper was lost while it started the process
          hint: start it again
        ");
    }
}
