use std::fmt;

use kinfra_rpc::{PortOrigin, PortRange};

use crate::store::ClaimKey;

/// What a configuration asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Any port: of this range, else of the user's default one.
    Any(Option<PortRange>),
    /// This one and no other.
    Fixed(u16),
    /// The first of these that can be had, else any.
    Preferred(Vec<u16>, Option<PortRange>),
}

/// A port that somebody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub key: ClaimKey,
    pub ask: Ask,
    pub stored: Option<Stored>,
}

/// What it has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub port: u16,
    pub origin: PortOrigin,
    /// The [`Ask`] of that time, as text; none when it isn't known.
    pub asked: Option<String>,
}

impl Ask {
    /// Whether a port is what is asked for, so that it may stay although the asking has changed.
    #[must_use]
    pub fn allows(&self, port: u16) -> bool {
        match self {
            Self::Any(range) => range.is_none_or(|range| range.contains(port)),
            Self::Fixed(fixed) => *fixed == port,
            Self::Preferred(ports, _) => ports.contains(&port),
        }
    }

    /// Where to look when nothing named can be had.
    #[must_use]
    pub const fn range(&self) -> Option<PortRange> {
        match self {
            Self::Any(range) | Self::Preferred(_, range) => *range,
            Self::Fixed(_) => None,
        }
    }
}

/// Stored with a claim: never change it, or every port is up for choosing again.
impl fmt::Display for Ask {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(_) => out.write_str("any")?,
            Self::Fixed(port) => write!(out, "{port}")?,
            Self::Preferred(ports, _) => {
                let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                write!(out, "any of {}", ports.join(","))?;
            }
        }
        self.range().map_or(Ok(()), |range| write!(out, " in {range}"))
    }
}

impl Wish {
    /// Whether the port that it has stays: as long as the configuration asks for what it asked for then, also for a
    /// port that was moved since; else if it fits.
    #[must_use]
    pub fn kept(&self) -> Option<u16> {
        let stored = self.stored.as_ref()?;
        let same = stored.asked.as_ref().is_some_and(|asked| *asked == self.ask.to_string());
        (same || self.ask.allows(stored.port)).then_some(stored.port)
    }
}
