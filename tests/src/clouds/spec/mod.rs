//! What keeps the stand-ins honest: the vendors' own descriptions of their APIs (OpenAPI). They are no part of KInfra, and
//! read where somebody has put them beside this folder; and the vendors' own clients, and a mock server that refuses
//! what a description doesn't allow, as packages of npm.

mod clients;
mod document;
mod mock;
mod neon;
mod schema;
mod supabase;

pub(crate) use document::Document;
#[allow(unused_imports, reason = "for the tests of adapters")]
pub(crate) use mock::{replay, validating_mock};
