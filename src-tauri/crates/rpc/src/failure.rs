use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What went wrong, as a code that a program can switch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum ErrorCode {
    ConfigMissing,
    ConfigAmbiguous,
    ConfigSyntax,
    ConfigUnknownKey,
    ConfigInvalidValue,
    ConfigUnknownReference,
    ConfigUnknownDependency,
    ConfigCycle,
    ConfigNameCollision,
    FolderMissing,
    CommandNotFound,
    /// Somebody else is on it now.
    PortTaken,
    /// It belongs to another service, whether that runs or not.
    PortClaimed,
    ProxyPortTaken,
    AlreadyRunning,
    EngineUnreachable,
    NotHealthy,
    /// It ended so often in a row that it isn't started by itself any more.
    CrashLooping,
    /// Something is wrong with a tunnel, or with what it needs.
    TunnelFailed,
    /// There is no cloudflared that could be run: one can be loaded.
    ConnectorMissing,
    /// Cloudflare refuses what was asked of it.
    TunnelRefused,
    /// A resource could not be started, changed or stopped.
    ResourceFailed,
    /// Whoever runs a resource (a Docker engine, systemd, an API) does not answer.
    ResourceUnreachable,
    /// A resource is paused because somebody here wanted that.
    ResourcePaused,
    /// A resource was paused, and is on its way back.
    ResourceResuming,
    /// Whoever runs a resource has paused it.
    ResourcePausedByVendor,
    /// It takes something away: the message is the question that its user has to answer first.
    NotConfirmed,
    UnknownProject,
    UnknownService,
    InvalidRequest,
    KeeperLost,
    StoreFailed,
    /// It is not set, or where it comes from doesn't tell it.
    SecretUnavailable,
    /// It goes on when its user unlocks it.
    KeyringLocked,
    KeyringAbsent,
    /// What was stored could not be read any more, and was set aside.
    StoreSetAside,
    Io,
    Internal,
}

impl ErrorCode {
    /// Whether it is KInfra or the machine that failed, and no fault in what was asked: the log may say more.
    #[must_use]
    pub const fn is_unexpected(self) -> bool {
        matches!(self, Self::Internal | Self::StoreFailed | Self::KeeperLost | Self::Io)
    }
}

/// Where in a file something is; lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Place {
    #[ts(type = "string")]
    pub file: PathBuf,
    pub line: u32,
    pub column: u32,
}

/// One thing that is wrong: what was being done with which value, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Problem {
    pub code: ErrorCode,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub place: Option<Place>,
}

impl Problem {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, place: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, line, column }) = &self.place {
            write!(out, "{}:{line}:{column}: ", file.display())?;
        }
        write!(out, "{}", self.message)?;
        match &self.hint {
            Some(hint) => write!(out, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Why a command was refused or failed: all problems at once, never none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Failure {
    pub problems: Vec<Problem>,
}

impl Failure {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Problem::new(code, message).into()
    }

    /// The first problem's code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.problems.first().map_or(ErrorCode::Internal, |problem| problem.code)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            write!(out, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
