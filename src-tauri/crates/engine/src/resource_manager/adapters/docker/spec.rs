use std::path::PathBuf;
use std::time::Duration;

use super::settings::Pull;

/// What a container is to be, every reference resolved. It holds secrets, and is printed nowhere.
pub struct Spec {
    /// What all of it comes to, as the container's label says it.
    pub settings: String,
    pub image: Image,
    /// Within the container, such as `6379/tcp`, and on this machine.
    pub ports: Vec<(String, u16)>,
    /// `NAME=value`
    pub environment: Vec<String>,
    pub command: Option<Vec<String>>,
    pub entrypoint: Option<Vec<String>>,
    pub user: Option<String>,
    pub workdir: Option<String>,
    pub hostname: String,
    pub volumes: Vec<Volume>,
    pub mounts: Vec<Bind>,
    pub files: Vec<File>,
    pub tmpfs: Vec<String>,
    pub memory: Option<i64>,
    pub cpus: Option<i64>,
    pub shm: Option<i64>,
    pub healthcheck: bool,
    /// `name:address`
    pub hosts: Vec<String>,
    pub capabilities: Vec<String>,
    pub init: bool,
    pub tty: bool,
    /// None: as the image says.
    pub signal: Option<i32>,
    pub grace: Duration,
}

pub enum Image {
    Named { name: String, pull: Pull },
    Built(Recipe),
}

/// What an image is built from.
pub struct Recipe {
    /// What it is called then.
    pub name: String,
    pub context: PathBuf,
    pub dockerfile: String,
    pub arguments: Vec<(String, String)>,
    pub target: Option<String>,
}

impl Image {
    pub fn name(&self) -> &str {
        match self {
            Self::Named { name, .. } | Self::Built(Recipe { name, .. }) => name,
        }
    }
}

pub struct Volume {
    /// As the configuration calls it.
    pub key: String,
    /// As the engine does.
    pub name: String,
    pub target: String,
}

pub struct Bind {
    pub source: PathBuf,
    pub target: String,
    pub read_only: bool,
}

/// Put into the container before it starts.
pub struct File {
    pub target: String,
    pub content: String,
}
