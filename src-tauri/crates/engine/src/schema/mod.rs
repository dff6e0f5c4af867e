//! A small language to declare what a file may say. Each declaration is read in two ways: it decodes a tree, with
//! every problem reported, and it describes itself as JSON Schema. Beside it are the values that several declarations
//! share, and the tree that a file of any format is read into.

mod duration;
mod fields;
mod nearest;
mod one_or_many;
mod port;
mod reader;
mod reading;
mod run;
mod scalars;
mod shape;
mod statuses;
pub(crate) mod tree;
mod words;

pub(crate) use duration::Period;
pub(crate) use fields::{Fields, Record, describe, read};
pub(crate) use nearest::nearest;
pub(crate) use one_or_many::OneOrMany;
pub use port::PortChoice;
pub(crate) use port::{OnlyPort, PortSetting, number, single};
pub(crate) use reader::Reader;
pub(crate) use reading::read_tree;
pub use run::Run;
pub(crate) use scalars::{Printable, Scalar};
pub(crate) use shape::{Entries, Placed, Shape};
pub(crate) use statuses::Statuses;
pub use tree::Format;
pub(crate) use words::{Word, Words};
