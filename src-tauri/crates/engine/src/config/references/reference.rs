use std::fmt;

use kinfra_rpc::{ErrorCode, Problem};

use crate::config::secrets::{HELD, secret_name_fault};
use crate::schema::{Word, nearest};

/// Something that a text refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    Service {
        service: String,
        attribute: ServiceAttribute,
    },
    /// The number of one of several ports: `${services.api.ports.metrics}`.
    NamedPort {
        service: String,
        port: String,
    },
    /// The attributes depend on the resource's type.
    Resource {
        resource: String,
        attribute: String,
    },
    Secret(String),
    Project(ProjectAttribute),
    Instance(InstanceAttribute),
    /// A variable of the environment that KInfra runs in.
    Environment(String),
}

/// What can be asked of a service that has a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceAttribute {
    /// The number that the service finds in `PORT`.
    Port,
    /// `127.0.0.1`: with `Port` the two halves of `Url`.
    Host,
    /// Direct: `http://127.0.0.1:PORT`.
    Url,
    /// The proxy's: `http://web.shop.localhost:7080`.
    LocalUrl,
    /// The tunnel's.
    PublicUrl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectAttribute {
    Name,
    Slug,
    /// The folder of the configuration, absolute.
    Folder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceAttribute {
    Name,
    Slug,
}

impl Word for ServiceAttribute {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("port", Self::Port),
        ("host", Self::Host),
        ("url", Self::Url),
        ("local_url", Self::LocalUrl),
        ("public_url", Self::PublicUrl),
    ];
}

impl Word for ProjectAttribute {
    const WORDS: &'static [(&'static str, Self)] =
        &[("name", Self::Name), ("slug", Self::Slug), ("folder", Self::Folder)];
}

impl Word for InstanceAttribute {
    const WORDS: &'static [(&'static str, Self)] = &[("name", Self::Name), ("slug", Self::Slug)];
}

impl Reference {
    /// Reads what stands between `${` and `}`. None when it isn't one of KInfra's own.
    pub(super) fn parse(inner: &str) -> Option<Result<Self, Problem>> {
        if let Some(rest) = inner.strip_prefix("services.") {
            return Some(named(inner, rest).and_then(|(name, attribute)| {
                if let Some(service) = name.strip_suffix(".ports").filter(|service| !service.is_empty()) {
                    return Ok(Self::NamedPort { service: service.to_owned(), port: attribute.to_owned() });
                }
                if attribute == "ports" {
                    return Err(no_port_named(inner, name));
                }
                let attribute = word(inner, attribute)?;
                Ok(Self::Service { service: name.to_owned(), attribute })
            }));
        }
        if let Some(rest) = inner.strip_prefix("resources.") {
            return Some(named(inner, rest).map(|(name, attribute)| Self::Resource {
                resource: name.to_owned(),
                attribute: attribute.to_owned(),
            }));
        }
        if let Some(attribute) = inner.strip_prefix("project.") {
            return Some(word(inner, attribute).map(Self::Project));
        }
        if let Some(attribute) = inner.strip_prefix("instance.") {
            return Some(word(inner, attribute).map(Self::Instance));
        }
        let name = inner.strip_prefix("secret:")?;
        // `${secret:-default}` is a shell's way to write a default for its variable `secret`.
        // One that KInfra itself holds, which no configuration may name: whoever checks it says so.
        let written = name.strip_prefix(HELD).unwrap_or(name);
        secret_name_fault(written).is_none().then(|| Ok(Self::Secret(name.to_owned())))
    }
}

fn named<'i>(inner: &str, rest: &'i str) -> Result<(&'i str, &'i str), Problem> {
    // From the right, since a service's name may hold a dot.
    rest.rsplit_once('.').filter(|(name, attribute)| !name.is_empty() && !attribute.is_empty()).ok_or_else(
        || {
            let (kind, _) = inner.split_once('.').unwrap_or((inner, ""));
            Problem::new(ErrorCode::ConfigUnknownReference, format!("`${{{inner}}}` names no attribute"))
                .hint(format!("write `${{{kind}.NAME.ATTRIBUTE}}`, for example `${{{kind}.{rest}.url}}`"))
        },
    )
}

fn no_port_named(inner: &str, service: &str) -> Problem {
    Problem::new(ErrorCode::ConfigUnknownReference, format!("`${{{inner}}}` names no port"))
        .hint(format!("write `${{{inner}.NAME}}`, or `${{services.{service}.port}}` for the main one"))
}

fn word<W: Word>(inner: &str, attribute: &str) -> Result<W, Problem> {
    W::from_word(attribute).ok_or_else(|| {
        let words = || W::WORDS.iter().map(|(word, _)| *word);
        let message = format!("`${{{inner}}}`: there is no attribute `{attribute}`");
        Problem::new(ErrorCode::ConfigUnknownReference, message).hint(match nearest(attribute, words()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", words().collect::<Vec<_>>().join(", ")),
        })
    })
}

/// As it is written in a file.
impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service { service, attribute } => {
                write!(out, "${{services.{service}.{}}}", attribute.word())
            }
            Self::NamedPort { service, port } => write!(out, "${{services.{service}.ports.{port}}}"),
            Self::Resource { resource, attribute } => write!(out, "${{resources.{resource}.{attribute}}}"),
            Self::Secret(name) => write!(out, "${{secret:{name}}}"),
            Self::Project(attribute) => write!(out, "${{project.{}}}", attribute.word()),
            Self::Instance(attribute) => write!(out, "${{instance.{}}}", attribute.word()),
            Self::Environment(name) => write!(out, "${{{name}}}"),
        }
    }
}
