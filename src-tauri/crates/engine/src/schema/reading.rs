use kinfra_rpc::{ErrorCode, Problem};

use super::Reader;
use super::tree::{Fault, Format, Node, Position, read};

/// As much of the text as can be read; every fault is reported.
pub(crate) fn read_tree(text: &str, format: Format, reader: &mut Reader) -> Option<Node> {
    let (tree, faults) = read(text, format);
    for fault in faults {
        let (at, problem) = described(fault, format);
        reader.report(at, problem);
    }
    tree
}

fn described(fault: Fault, format: Format) -> (Position, Problem) {
    match fault {
        Fault::Syntax { at, message } => {
            let problem =
                Problem::new(ErrorCode::ConfigSyntax, format!("not valid {}: {message}", format.name()));
            let hint = match format {
                Format::Yaml => "look at the indentation, colons and quotes here and in the line above",
                Format::Json => "look at the commas, quotes and brackets here and in the line above",
                Format::Toml => "look at the quotes and brackets here and in the line above",
            };
            (at, problem.hint(hint))
        }
        Fault::DuplicateKey { at, key, first } => {
            let message =
                format!("the key `{key}` stands here a second time; the first is in line {}", first.line);
            (at, Problem::new(ErrorCode::ConfigSyntax, message).hint("rename or remove one of them"))
        }
    }
}
