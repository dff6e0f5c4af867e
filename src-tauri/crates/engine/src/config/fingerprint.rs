//! What a process was launched with, in few bytes, to be told apart from what it would be launched with now.
//!
//! Theory of operation: a fingerprint is written down with a run, and compared by later versions of KInfra, whose
//! settings have fields that the version before knew nothing of. So nothing is hashed by its derived `Hash`: the
//! fields that were there first are fed one by one, in an order that stays. A new field comes after them, its name
//! first, and only where it isn't what silence means: `if *shell != Shell::default() { feed.value("shell"); … }`.
//! Then a service that doesn't use it has the fingerprint that it always had, and no update of KInfra makes it look
//! changed. A new field of one of these structures is an error of the compiler here, and the literals that a test has
//! for each of those that are there never change.
//!
//! What the files of an environment say has a hash of its own: a run of a version that did not look at them has none,
//! and is compared by the rest.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use kinfra_rpc::{McpTransport, Protocol};

use super::spec::{EnvironmentSpec, PortSpec, ServiceSpec, ServiceType};
use super::stable_hash::{Fnv, stable_hash};
use crate::schema::{PortChoice, Run};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    settings: u64,
    /// None: nobody looked.
    files: Option<u64>,
}

impl ServiceSpec {
    /// Of everything that takes effect when a process is launched, with its references unresolved. When it differs
    /// from that of the running process, a restart would change something; all other settings are taken up as it
    /// runs.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let Self {
            kind,
            run,
            dir,
            project_environment,
            environment,
            ports,
            secret_files,
            // Taken up as it runs, or with the next start without being a reason for one.
            name: _,
            slug: _,
            replica: _,
            route: _,
            domains: _,
            forwarding: _,
            depends_on: _,
            profiles: _,
            manual: _,
            health: _,
            restart: _,
            stop: _,
            watch: _,
            log_bytes: _,
            public: _,
            mcp: _,
            resource,
            secrets_of_resources: _,
        } = self;
        let mut feed = Feed::default();
        feed.number(match kind {
            ServiceType::Service => 0,
            ServiceType::Task => 1,
            ServiceType::Mcp => 2,
            ServiceType::Resource => 3,
        });
        feed.run(run);
        feed.value(dir);
        feed.environment(project_environment);
        feed.environment(environment);
        feed.ports(ports);
        if !secret_files.is_empty() {
            feed.value("secret_files");
            feed.pairs(secret_files);
        }
        // All else of an MCP server is what it is asked and what is said of it.
        if let Some(mcp) = self.mcp.as_ref().filter(|mcp| mcp.transport == McpTransport::Stdio) {
            feed.value("mcp.stdio");
            feed.value(&mcp.path);
        }
        // What it offers is told to others, and changes nothing of itself.
        if let Some(resource) = resource {
            feed.value("resource");
            feed.value(resource.kind);
            feed.pairs(&resource.written);
        }
        let files = stable_hash(&(&project_environment.contents, &environment.contents));
        Fingerprint { settings: feed.0.finish(), files: Some(files) }
    }

    /// What is in effect of a process that was launched with these settings, and of `current` since.
    #[must_use]
    pub fn in_effect(&self, current: &Self) -> Self {
        let Self { kind, run, dir, project_environment, environment, ports, secret_files, resource, .. } =
            self.clone();
        let mcp = if self.speaks_stdio() { self.mcp.clone() } else { current.mcp.clone() };
        Self {
            kind,
            run,
            dir,
            project_environment,
            environment,
            ports,
            secret_files,
            mcp,
            resource,
            ..current.clone()
        }
    }
}

impl Fingerprint {
    /// Whether a process with this one runs with other settings than those of `current`, as far as is known.
    #[must_use]
    pub fn differs_from(self, current: Self) -> bool {
        let known = self.files.zip(current.files);
        self.settings != current.settings || known.is_some_and(|(own, current)| own != current)
    }
}

/// As it is written down.
impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.settings)?;
        self.files.map_or(Ok(()), |files| write!(out, ".{files:016x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = |text| u64::from_str_radix(text, 16);
        let (settings, files) = text.split_once('.').map_or((text, None), |(one, two)| (one, Some(two)));
        Ok(Self { settings: hash(settings)?, files: files.map(hash).transpose()? })
    }
}

/// Texts, paths and numbers are hashed as the standard library does it; which alternative it is, and how many there
/// are of something, come before them as numbers of 64 bits.
#[derive(Default)]
struct Feed(Fnv);

impl Feed {
    fn number(&mut self, number: u64) {
        self.0.write(&number.to_le_bytes());
    }

    fn value(&mut self, value: &(impl Hash + ?Sized)) {
        value.hash(&mut self.0);
    }

    fn each<T>(&mut self, list: &[T], feed: impl Fn(&mut Self, &T)) {
        self.number(list.len() as u64);
        list.iter().for_each(|value| feed(self, value));
    }

    fn run(&mut self, run: &Run) {
        match run {
            Run::Program(words) => {
                self.number(0);
                self.each(words, Self::value);
            }
            Run::Shell(line) => {
                self.number(1);
                self.value(line);
            }
        }
    }

    fn environment(&mut self, environment: &EnvironmentSpec) {
        let EnvironmentSpec { dotenv, files, variables, contents: _ } = environment;
        self.number(u64::from(dotenv.is_some()));
        dotenv.iter().for_each(|file| self.value(file));
        self.each(files, Self::value);
        self.pairs(variables);
    }

    fn pairs(&mut self, pairs: &[(String, String)]) {
        self.each(pairs, |feed, (name, value)| {
            feed.value(name);
            feed.value(value);
        });
    }

    fn ports(&mut self, ports: &[PortSpec]) {
        self.each(ports, |feed, PortSpec { name, protocol, choice }| {
            feed.value(name);
            feed.number(match protocol {
                Protocol::Tcp => 0,
                Protocol::Udp => 1,
            });
            match choice {
                PortChoice::Auto => feed.number(0),
                PortChoice::Fixed(port) => {
                    feed.number(1);
                    feed.value(port);
                }
                PortChoice::Preferred(ports) => {
                    feed.number(2);
                    feed.each(ports, Self::value);
                }
            }
        });
    }
}
