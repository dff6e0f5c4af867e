//! What an engine says, as what a person can act on.

use std::error::Error as _;
use std::io;

use bollard::errors::Error;
use kinfra_rpc::{ErrorCode, Problem};

use super::discovery::Address;

/// What an engine's words mean, by a piece of them, and what to do. The first that fits counts.
const KNOWN: &[(&[&str], &str)] = &[
    (
        &["port is already allocated", "address already in use", "ports are not available"],
        "another program or container is on that port: stop it, or choose another one by `host:`",
    ),
    (
        &["pull access denied", "unauthorized", "authentication required", "no basic auth credentials"],
        "look at the image's name; a private one is fetched by `docker login` and `docker pull` once, and is then \
         there",
    ),
    (
        &["manifest unknown", "manifest for", "not found: manifest"],
        "look at the image's tag: the registry has none of that name",
    ),
    (&["invalid reference format"], "look at the image's name: for example `redis:7.4-alpine`"),
    (
        &[
            "dial tcp",
            "no such host",
            "i/o timeout",
            "tls handshake",
            "while awaiting headers",
            "network is unreachable",
            "eof",
        ],
        "the registry can't be reached: look at the network, or load the image by `docker load`; what is there isn't \
         fetched",
    ),
    (&["no such image"], "fetch it by `docker pull`, or write `pull: missing`"),
    (
        &["bind source path does not exist"],
        "look at `mounts`: an engine in a virtual machine sees only what is shared with it",
    ),
    (
        &["non-overlapping ipv4", "could not find an available"],
        "the engine has no network left: `docker network prune` takes away what nobody uses",
    ),
    (&["no space left on device"], "the engine's disk is full: `docker system df` says of what"),
    (
        &["executable file not found", "no such file or directory"],
        "look at `command` and `entrypoint`: the image has no such program",
    ),
    (
        &["unable to find user", "no matching entries in passwd"],
        "look at `user`: the image knows nobody of that name",
    ),
    (
        &["buildkit"],
        "the Dockerfile needs BuildKit: build it by `docker build -t NAME`, and write `image: NAME`",
    ),
];

/// Says what was being done (`create the container x`) and what came of it.
#[must_use]
pub fn problem(doing: &str, error: &Error) -> Problem {
    let said = match error {
        Error::DockerResponseServerError { message, .. } => message.trim(),
        Error::DockerStreamError { error } => error.trim(),
        away if is_away(away) => {
            let message = format!("cannot {doing}: the Docker engine doesn't answer ({})", root(away));
            return Problem::new(ErrorCode::ResourceUnreachable, message)
                .hint("start it; KInfra goes on when it is there");
        }
        other => return Problem::new(ErrorCode::ResourceFailed, format!("cannot {doing}: {}", root(other))),
    };
    refused(doing, said)
}

/// The same for what an engine says in words alone.
#[must_use]
pub fn refused(doing: &str, said: &str) -> Problem {
    let problem = Problem::new(ErrorCode::ResourceFailed, format!("cannot {doing}: {said}"));
    let lower = said.to_lowercase();
    match KNOWN.iter().find(|(pieces, _)| pieces.iter().any(|piece| lower.contains(piece))) {
        Some((_, hint)) => problem.hint(*hint),
        None => problem,
    }
}

/// Why an engine can't be asked at all.
#[must_use]
pub fn unreachable(address: &Address, error: &Error) -> Problem {
    let why = root(error);
    let problem = Problem::new(
        ErrorCode::ResourceUnreachable,
        format!("the Docker engine at {address} doesn't answer: {why}"),
    );
    if io_kind(error) == Some(io::ErrorKind::PermissionDenied) {
        return problem.hint(format!(
            "{address} is not yours to open: become a member of its group (`sudo usermod -aG docker $USER`, then log \
             in anew), or use a rootless engine"
        ));
    }
    problem.hint("start it; KInfra goes on when it is there")
}

#[must_use]
pub fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// Whether the engine is there, and refuses.
#[must_use]
pub fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { .. } | Error::DockerStreamError { .. })
}

fn is_away(error: &Error) -> bool {
    matches!(
        error,
        Error::HyperLegacyError { .. }
            | Error::HyperResponseError { .. }
            | Error::IOError { .. }
            | Error::RequestTimeoutError
            | Error::SocketNotFoundError(_)
    )
}

/// What lies at the bottom of it: the layers above say only that something failed.
fn root(error: &Error) -> String {
    if let Error::SocketNotFoundError(_) = error {
        return "nothing is there".to_owned();
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    if let Error::IOError { err } = error {
        return Some(err.kind());
    }
    let mut layer = error.source();
    while let Some(inner) = layer {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        layer = inner.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(doing: &str, message: &str) -> String {
        let error = Error::DockerResponseServerError { status_code: 500, message: message.to_owned() };
        problem(doing, &error).to_string()
    }

    #[test]
    fn what_an_engine_refuses_comes_with_a_way_out() {
        let all = [
            said(
                "start the container kinfra-shop-db",
                "driver failed programming external connectivity on endpoint kinfra-shop-db: Bind for 127.0.0.1:5432 \
                 failed: port is already allocated",
            ),
            said(
                "fetch the image redis:7",
                "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host",
            ),
            said(
                "fetch the image redis:0",
                "manifest for redis:0 not found: manifest unknown: manifest unknown",
            ),
            said(
                "fetch the image mine/app",
                "pull access denied for mine/app, repository does not exist or may require 'docker login'",
            ),
            said("create the container kinfra-shop-db", "something new"),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn an_engine_that_is_away_is_told_from_one_that_refuses() {
        let away = Error::SocketNotFoundError("/var/run/docker.sock".to_owned());
        assert_eq!(problem("x", &away).code, ErrorCode::ResourceUnreachable);
        let denied = Error::IOError { err: io::Error::from(io::ErrorKind::PermissionDenied) };
        let address = Address::Socket("/var/run/docker.sock".into());
        assert!(unreachable(&address, &denied).hint.unwrap().contains("usermod"));
        assert!(!is_refusal(&denied));
    }
}
