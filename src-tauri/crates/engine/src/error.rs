//! How the modules' errors become what a user is told.

use kinfra_rpc::{ErrorCode, Failure, Problem};

use crate::store::StoreError;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Problem::new(ErrorCode::StoreFailed, error.to_string())
            .hint("look at the free space and the permissions of the state folder; kinfra logs --engine says more")
            .into()
    }
}
