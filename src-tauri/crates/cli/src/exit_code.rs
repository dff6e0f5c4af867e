use kinfra_rpc::ErrorCode;

/// How the command ends. The numbers are promised in `--help` and docs/cli.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    Done,
    Failed,
    Usage,
    Config,
    NoEngine,
    /// Ended by this signal.
    Signal(u8),
}

impl ExitCode {
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::NoEngine => 4,
            // What shells report of a program that a signal ended.
            Self::Signal(signal) => 128 + signal,
        }
    }
}

impl From<ErrorCode> for ExitCode {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::ConfigMissing
            | ErrorCode::ConfigAmbiguous
            | ErrorCode::ConfigSyntax
            | ErrorCode::ConfigUnknownKey
            | ErrorCode::ConfigInvalidValue
            | ErrorCode::ConfigUnknownReference
            | ErrorCode::ConfigUnknownDependency
            | ErrorCode::ConfigCycle
            | ErrorCode::ConfigNameCollision
            | ErrorCode::FolderMissing => Self::Config,
            ErrorCode::UnknownProject | ErrorCode::UnknownService | ErrorCode::InvalidRequest => Self::Usage,
            ErrorCode::EngineUnreachable => Self::NoEngine,
            ErrorCode::CommandNotFound
            | ErrorCode::PortTaken
            | ErrorCode::PortClaimed
            | ErrorCode::ProxyPortTaken
            | ErrorCode::AlreadyRunning
            | ErrorCode::NotHealthy
            | ErrorCode::TunnelFailed
            | ErrorCode::ConnectorMissing
            | ErrorCode::TunnelRefused
            | ErrorCode::ResourceFailed
            | ErrorCode::ResourceUnreachable
            | ErrorCode::ResourcePaused
            | ErrorCode::ResourceResuming
            | ErrorCode::ResourcePausedByVendor
            | ErrorCode::NotConfirmed
            | ErrorCode::CrashLooping
            | ErrorCode::KeeperLost
            | ErrorCode::StoreFailed
            | ErrorCode::StoreSetAside
            | ErrorCode::SecretUnavailable
            | ErrorCode::KeyringLocked
            | ErrorCode::KeyringAbsent
            | ErrorCode::Io
            | ErrorCode::Internal => Self::Failed,
        }
    }
}
