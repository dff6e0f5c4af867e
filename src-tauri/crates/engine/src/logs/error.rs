use std::io;
use std::path::PathBuf;

use kinfra_rpc::{ErrorCode, Failure, Problem};
use thiserror::Error;

/// Why logs can't be read.
#[derive(Debug, Error)]
pub enum LogError {
    #[error("the cursor {cursor:?} is none that a page of logs came with: {reason}")]
    Cursor { cursor: String, reason: String },
    #[error("{pattern:?} is no regular expression: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error("cannot read the log in {}: {error}", folder.display())]
    Io { folder: PathBuf, error: io::Error },
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let text = error.to_string();
        match error {
            LogError::Cursor { .. } => Problem::new(ErrorCode::InvalidRequest, text)
                .hint("leave the cursor out to read the newest lines")
                .into(),
            LogError::Pattern { .. } => Problem::new(ErrorCode::InvalidRequest, text)
                .hint(r"a backslash before . * + ? ( ) [ ] { } ^ $ | \ means the character itself")
                .into(),
            LogError::Io { .. } => Self::new(ErrorCode::Io, text),
        }
    }
}
