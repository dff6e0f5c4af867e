//! Images that are built from a folder of the project's.

mod context;
mod image;

pub use image::build;

#[cfg(test)]
mod tests;
