use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use kinfra_rpc::{ErrorCode, Problem};

/// Until a request is answered. To stop a container, or to fetch an image, is waited for by others.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    Socket(PathBuf),
    /// Of Windows, as a path: `//./pipe/docker_engine`.
    Pipe(String),
    /// Host and port.
    Tcp(String, Option<Tls>),
}

/// Where the keys to an engine behind TLS are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tls {
    pub folder: PathBuf,
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(out, "{}", path.display()),
            Self::Pipe(path) => write!(out, "{path}"),
            Self::Tcp(host, _) => write!(out, "tcp://{host}"),
        }
    }
}

impl Address {
    /// As `DOCKER_HOST` and contexts write it.
    ///
    /// # Errors
    /// When it is in a language that isn't spoken here.
    pub fn parse(text: &str, tls: Option<Tls>) -> Result<Self, Problem> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        let host = rest.trim_end_matches('/').to_owned();
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Socket(rest.into())),
            "npipe" => Ok(Self::Pipe(rest.to_owned())),
            "tcp" | "http" if !host.is_empty() => Ok(Self::Tcp(host, tls)),
            "https" if tls.is_some() && !host.is_empty() => Ok(Self::Tcp(host, tls)),
            "ssh" => {
                let message = format!("the Docker engine at {text} can't be asked: KInfra speaks no ssh");
                let hint = format!(
                    "lead its socket here: `ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock {rest}`, and set \
                     DOCKER_HOST=unix:///tmp/docker.sock"
                );
                Err(Problem::new(ErrorCode::ResourceUnreachable, message).hint(hint))
            }
            _ => {
                let message = format!("`{text}` is no address of a Docker engine");
                Err(Problem::new(ErrorCode::ResourceUnreachable, message)
                    .hint("for example `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`"))
            }
        }
    }

    /// Opens nothing yet.
    ///
    /// # Errors
    /// When nobody can be there.
    pub fn client(&self) -> Result<Docker, bollard::errors::Error> {
        let seconds = TIMEOUT.as_secs();
        match self {
            #[cfg(unix)]
            Self::Socket(path) => {
                Docker::connect_with_unix(&path.to_string_lossy(), seconds, API_DEFAULT_VERSION)
            }
            #[cfg(windows)]
            Self::Pipe(path) => Docker::connect_with_named_pipe(path, seconds, API_DEFAULT_VERSION),
            #[cfg(unix)]
            Self::Pipe(path) => {
                Err(bollard::errors::Error::UnsupportedURISchemeError { uri: format!("npipe://{path}") })
            }
            #[cfg(windows)]
            Self::Socket(path) => Err(bollard::errors::Error::UnsupportedURISchemeError {
                uri: format!("unix://{}", path.display()),
            }),
            Self::Tcp(host, None) => Docker::connect_with_http(host, seconds, API_DEFAULT_VERSION),
            Self::Tcp(host, Some(Tls { folder })) => {
                // The one provider of cryptography; another call changes nothing.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let [key, certificate, authority] =
                    ["key.pem", "cert.pem", "ca.pem"].map(|name| folder.join(name));
                Docker::connect_with_ssl(host, &key, &certificate, &authority, seconds, API_DEFAULT_VERSION)
            }
        }
    }

    /// Whether its containers are processes of this machine, as far as an address can tell.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Socket(_))
    }

    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        match self {
            Self::Socket(path) => Some(path),
            Self::Pipe(_) | Self::Tcp(..) => None,
        }
    }

    /// Podman speaks as Docker does, except where it doesn't.
    #[must_use]
    pub fn is_podman(&self) -> bool {
        self.socket().is_some_and(|path| path.ends_with("podman.sock"))
    }
}
