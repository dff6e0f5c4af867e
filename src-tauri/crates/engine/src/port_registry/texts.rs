//! What a person is told of claims that can't be had.

use kinfra_rpc::{ErrorCode, Failure, PortRange, Problem};

use super::table::Table;
use super::wanted::holder;
use crate::smart_allocator::Choice;
use crate::store::ClaimKey;

/// Why there is no port.
pub fn refusal(table: &Table, key: &ClaimKey, choice: &Choice) -> Problem {
    match choice {
        Choice::Claimed(port) => claimed(key, *port, table.owner(*port, key.protocol)),
        Choice::Full(range) => full(key, *range),
        Choice::Kept(port) | Choice::New(port, _) => {
            Problem::new(ErrorCode::Internal, format!("port {port} was refused for no reason"))
        }
    }
}

/// It is named, and belongs to somebody else.
fn claimed(key: &ClaimKey, port: u16, owner: Option<&ClaimKey>) -> Problem {
    let name = described(key);
    let (belongs, theirs) = match owner {
        Some(owner) => (
            format!("{} of {}", described(owner), owner.instance),
            format!(
                ", or give that one another: kinfra ports move {} --project {}",
                holder(&owner.node, owner.replica),
                owner.instance
            ),
        ),
        None => ("another one".to_owned(), String::new()),
    };
    Problem::new(ErrorCode::PortClaimed, format!("port {port} of {name} belongs to {belongs}")).hint(format!(
        "give {name} another port: kinfra ports move {} --project {}{theirs}",
        holder(&key.node, key.replica),
        key.instance
    ))
}

/// Nothing is left to choose from.
fn full(key: &ClaimKey, range: PortRange) -> Problem {
    let message = format!("no port for {}: all of {range} are claimed, reserved or in use", described(key));
    Problem::new(ErrorCode::PortTaken, message)
        .hint("kinfra ports shows whose they are; a range can be written in the project's ports.range")
}

pub fn unknown(key: &ClaimKey) -> Failure {
    let message = format!("{} of {} has no port yet", described(key), key.instance);
    Problem::new(ErrorCode::UnknownService, message).hint("kinfra add makes a project's ports").into()
}

/// `api`, or `api (metrics)`.
fn described(key: &ClaimKey) -> String {
    let node = holder(&key.node, key.replica);
    if key.name == "http" { node } else { format!("{node} ({})", key.name) }
}
