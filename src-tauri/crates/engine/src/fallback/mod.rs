//! The pages that stand in for a service: HTML for people, `application/problem+json` for programs.
//!
//! Pure: what is known of a service goes in as a [`ServiceView`], a page comes out. `story` finds the words, `html`
//! and `json` dress them, `event` is what an open page hears. Nothing a service, a visitor or a file can name gets
//! into a page but through `text`. What visitors from outside are told is in `visitors`: no more than that.

mod event;
mod html;
mod json;
mod response;
mod story;
#[cfg(test)]
mod tests;
mod text;
mod view;
mod visitors;

pub use event::event;
pub use response::{logs_page, service_page, unknown_page};
pub use view::{KnownProject, KnownService, ServiceView};
