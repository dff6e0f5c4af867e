use std::sync::Arc;

use kinfra_rpc::Problem;

use super::{Build, Inside, Mount, Port, Processors, Size};
use crate::resource_manager::{Adapter, Given, PortDeclared, Settings, TextDeclared};
use crate::schema::tree::Key;
use crate::schema::{Entries, Fields, OneOrMany, Placed, Record, Run, Scalar, Word, Words};

/// What is asked of the registry at a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    Missing,
    Always,
    Never,
}

impl Word for Pull {
    const WORDS: &'static [(&'static str, Self)] =
        &[("missing", Self::Missing), ("always", Self::Always), ("never", Self::Never)];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthCheck {
    Image,
    None,
}

impl Word for HealthCheck {
    const WORDS: &'static [(&'static str, Self)] = &[("image", Self::Image), ("none", Self::None)];
}

#[derive(Debug)]
pub struct Declared {
    pub image: Option<Placed<String>>,
    pub build: Option<Build>,
    pub pull: Words<Pull>,
    pub ports: Entries<Placed<Port>>,
    pub command: Option<Placed<Run>>,
    pub entrypoint: Option<Placed<Run>>,
    pub user: Option<Placed<String>>,
    pub workdir: Option<Placed<String>>,
    pub hostname: Option<Placed<String>>,
    pub volumes: Entries<Placed<Inside>>,
    pub mounts: Entries<Mount>,
    pub files: Entries<Placed<String>>,
    pub tmpfs: Vec<Placed<String>>,
    pub memory: Option<Size>,
    pub cpus: Option<Processors>,
    pub shm: Option<Size>,
    pub healthcheck: Words<HealthCheck>,
    pub hosts: Entries<Placed<Scalar>>,
    pub capabilities: Vec<String>,
    pub init: bool,
    pub tty: bool,
}

impl Record for Declared {
    const MEANING: &'static str = "A container of a Docker engine, or of one that speaks as Docker does.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("environment", "env"),
        ("extra_hosts", "hosts"),
        ("mem_limit", "memory"),
        ("pull_policy", "pull"),
        ("shm_size", "shm"),
        ("working_dir", "workdir"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            image: fields.optional("image", "The image, such as `redis:7.4-alpine`; or `build`."),
            build: fields
                .optional("build", "The folder, or more, that an image is built from at each start."),
            pull: fields.or(
                "pull",
                "When the image is fetched: if it is missing, at each start, or never.",
                Words(Pull::Missing),
            ),
            ports: fields
                .optional("ports", "The ports within the container, by name. They are led to from 127.0.0.1.")
                .unwrap_or_default(),
            command: fields.optional("command", "In the place of the image's; a text is for `/bin/sh -c`."),
            entrypoint: fields.optional("entrypoint", "In the place of the image's."),
            user: fields.optional("user", "Who it runs as: a name or number, with `:group` or without."),
            workdir: fields.optional("workdir", "Where it runs, within the container."),
            hostname: fields.optional("hostname", "Its own name of itself. Default: the resource's name."),
            volumes: fields
                .optional(
                    "volumes",
                    "Named volumes by where they are: what is in them is kept until you remove it.",
                )
                .unwrap_or_default(),
            mounts: fields
                .optional(
                    "mounts",
                    "Files and folders, relative to the project's folder, by where they are seen.",
                )
                .unwrap_or_default(),
            files: fields
                .optional("files", "Files that it finds within, by path. They may hold secrets.")
                .unwrap_or_default(),
            tmpfs: fields
                .optional(
                    "tmpfs",
                    "Folders that are kept in memory alone, such as `/tmp` or `/tmp:size=64m`.",
                )
                .map_or_else(Vec::new, |OneOrMany(folders)| folders),
            memory: fields.optional("memory", "The most memory that it gets, such as `512m`."),
            cpus: fields.optional("cpus", "The most processors that it gets, such as `1.5`."),
            shm: fields.optional("shm", "The size of `/dev/shm`. Default: the engine's, 64m."),
            healthcheck: fields.or(
                "healthcheck",
                "Whether the `HEALTHCHECK` of its image says how it is.",
                Words(HealthCheck::Image),
            ),
            hosts: fields
                .optional(
                    "hosts",
                    "More names that it knows, with their addresses. `host.docker.internal` is this machine.",
                )
                .unwrap_or_default(),
            capabilities: fields
                .optional("cap_add", "Rights that it gets beside the usual ones, such as `IPC_LOCK`.")
                .unwrap_or_default(),
            init: fields.or("init", "Whether a small program ends and buries its processes.", false),
            tty: fields.or("tty", "Whether it writes to a terminal.", false),
        }
    }
}

impl Settings for Declared {
    fn what(&self) -> Option<String> {
        let built = self.build.as_ref().map(|_| "built here".to_owned());
        self.image.as_ref().map(|image| image.value.clone()).or(built)
    }

    fn ports(&self) -> Vec<PortDeclared> {
        let port = |(key, port): &(Key, Option<Placed<Port>>)| {
            let port = port.as_ref()?;
            Some(PortDeclared { name: key.text.clone(), at: port.at, setting: port.value.outside.clone() })
        };
        self.ports.0.iter().filter_map(port).collect()
    }

    fn texts(&self) -> Vec<TextDeclared<'_>> {
        let plain = |text, at| TextDeclared { text, at, may_hold_secrets: false };
        let mut texts = vec![];
        let single = [&self.image, &self.user, &self.workdir, &self.hostname];
        texts.extend(single.into_iter().flatten().map(|text| plain(text.value.as_str(), text.at)));
        for run in [&self.command, &self.entrypoint].into_iter().flatten() {
            texts.extend(run.value.texts().iter().map(|word| plain(word.as_str(), run.at)));
        }
        if let Some(build) = &self.build {
            let own = [Some(&build.context), build.dockerfile.as_ref(), build.target.as_ref()];
            texts.extend(own.into_iter().flatten().map(|text| plain(text.as_str(), build.at)));
            texts.extend(written(&build.arguments).map(|(_, value)| plain(value.value.0.as_str(), value.at)));
        }
        texts.extend(written(&self.hosts).map(|(_, value)| plain(value.value.0.as_str(), value.at)));
        texts.extend(self.tmpfs.iter().map(|folder| plain(folder.value.as_str(), folder.at)));
        texts.extend(written(&self.volumes).map(|(_, target)| plain(target.value.0.as_str(), target.at)));
        for (key, mount) in written(&self.mounts) {
            texts.push(plain(key.text.as_str(), key.at));
            texts.push(plain(mount.target.as_str(), mount.at));
        }
        texts.extend(written(&self.files).map(|(_, content)| TextDeclared {
            text: &content.value,
            at: content.at,
            may_hold_secrets: true,
        }));
        texts
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        let outside = Arc::clone(&given.outside);
        let place = given.place.clone();
        Ok(super::super::container::Container::shared(place, Some(self.resolve(&given)?), outside))
    }
}

/// Those of which the value could be read.
pub fn written<T>(entries: &Entries<T>) -> impl Iterator<Item = (&Key, &T)> {
    entries.0.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)))
}
