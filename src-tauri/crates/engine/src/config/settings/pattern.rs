use kinfra_rpc::{ErrorCode, Problem};
use serde_json::Value as Json;

use crate::config::spec::Pattern;
use crate::schema::tree::Node;
use crate::schema::{Reader, Scalar, Shape};

impl Shape for Pattern {
    fn schema() -> Json {
        let mut schema = Scalar::schema();
        schema["format"] = "regex".into();
        schema
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = Scalar::decode(node, reader)?.0;
        match regex::Regex::new(&text) {
            Ok(regex) => Some(Self(regex)),
            Err(error) => {
                // Its last line says what; those before it draw where, which needs a fixed width.
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let message = format!("`{}` is no regular expression: {why}", reader.path());
                let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
                reader.report(
                    node.at,
                    problem.hint("`(`, `[`, `*`, `.` and the like mean themselves after a `\\`"),
                );
                None
            }
        }
    }
}
