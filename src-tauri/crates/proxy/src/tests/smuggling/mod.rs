//! Requests that are meant to be read as more than one, from the corpus beside the sources.

mod case;
mod corpus;
mod drive;
mod frames;
mod fuzz;
mod mutate;

mod recorder;
mod strict;
