use crate::config::settings::Keep;
use crate::schema::{Fields, Record};

#[derive(Debug)]
pub(in crate::config) struct LogsFile {
    pub keep: Option<Keep>,
}

impl Record for LogsFile {
    const MEANING: &'static str = "How much is kept of what services print.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("max_size", "keep"), ("max-size", "keep"), ("size", "keep"), ("retention", "keep")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            keep: fields.optional(
                "keep",
                "At most so much of a service's output, half of it for each of its two streams: `64MiB`. From its next start on.",
            ),
        }
    }
}
