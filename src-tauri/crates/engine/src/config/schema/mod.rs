//! A small language to declare what a file may say. Each declaration is read in two ways: it decodes a tree, with
//! every problem reported, and it describes itself as JSON Schema.

mod fields;
mod reader;
mod scalars;
mod shape;
mod words;

pub(super) use fields::{Fields, Record};
pub(super) use reader::Reader;
pub(super) use scalars::{Printable, Scalar};
pub(super) use shape::{Entries, Placed, Shape};
pub(super) use words::{Word, Words};
