//! Whole stacks as their users run them: the real command, engine, keeper, proxy and processes.

mod adoption;
mod chaos;
mod configuration;
mod containers;
mod ends;
mod environment;
mod example;
mod graph;
mod instances;
mod keeper;
mod limits;
mod logs;
mod losses;
mod misbehaving;
mod pages;
mod port_conflicts;
mod port_registry;
mod ports;
mod probes;
mod reload;
mod routing;
mod secrecy;
mod settings;
mod soak;
mod tasks;
mod usage;
