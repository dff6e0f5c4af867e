use kinfra_rpc::Problem;

use super::parse::{Segment, segments};
use super::{Mode, Reference};

/// The text with every reference replaced by what `lookup` says.
///
/// # Errors
/// The first reference that isn't well formed, or that `lookup` refuses.
pub fn expand(
    text: &str,
    mode: Mode,
    lookup: &dyn Fn(&Reference) -> Result<String, Problem>,
) -> Result<String, Problem> {
    let mut expanded = String::with_capacity(text.len());
    for segment in segments(text, mode) {
        match segment? {
            Segment::Literal(literal) => expanded.push_str(literal),
            Segment::Reference(reference) => expanded.push_str(&lookup(&reference)?),
        }
    }
    Ok(expanded)
}
