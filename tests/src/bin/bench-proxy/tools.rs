//! The contenders: ours first, then nginx, which the others' ratios are to.

use std::path::PathBuf;

use kinfra_tests::bench::race::Lane;
use kinfra_tests::bench::tools::{folder, version};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Ours,
    Nginx,
    Haproxy,
    Caddy,
    /// The upstream, with nothing before it.
    Direct,
}

impl Tool {
    pub const ALL: [Self; 5] = [Self::Ours, Self::Nginx, Self::Haproxy, Self::Caddy, Self::Direct];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Ours => "kinfra",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Caddy => "caddy",
            Self::Direct => "direct",
        }
    }

    pub fn lane(self) -> Lane {
        match self {
            Self::Ours => Lane::new("KInfra").noted("the engine's time alone"),
            Self::Nginx => Lane::new(&version("nginx")).noted("1 worker"),
            Self::Haproxy => Lane::new(&version("haproxy")).noted("1 thread"),
            Self::Caddy => Lane::new(&version("caddy")),
            Self::Direct => Lane::new("no proxy"),
        }
    }
}

/// A program of a Debian package, and where its own libraries are.
#[derive(Debug, Clone)]
pub struct Packaged {
    pub program: PathBuf,
    pub libraries: PathBuf,
}

/// # Errors
/// That it isn't installed.
pub fn find(name: &str) -> Result<Packaged, String> {
    let folder = folder(name).ok_or_else(|| format!("{name} is not installed: see what ./dev bench said"))?;
    let places = ["usr/sbin", "usr/bin"].map(|place| folder.join(place).join(name));
    let program = places.into_iter().find(|program| program.is_file());
    let program = program.ok_or_else(|| format!("{} has no program {name}", folder.display()))?;
    let libraries = folder.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH));
    Ok(Packaged { program, libraries })
}
