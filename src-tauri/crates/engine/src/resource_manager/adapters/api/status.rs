//! What an answer says of a resource's state. Pure.

use serde_json::Value as Json;

use super::settings::StatusFile;
use crate::resource_manager::remote::{Kind, Means, Seen, Trouble, Verdict};

/// How to read it.
#[derive(Debug)]
pub(super) struct Reading {
    pointer: Option<String>,
    words: Vec<(String, Means)>,
}

impl Reading {
    pub fn of(file: &StatusFile) -> Self {
        let lists = [
            (&file.running, Means::Running),
            (&file.starting, Means::Starting),
            (&file.stopping, Means::Stopping),
            (&file.stopped, Means::Stopped),
            (&file.failed, Means::Failed),
        ];
        let words = lists
            .into_iter()
            .flat_map(|(words, means)| words.iter().map(move |word| (word.0.clone(), means)));
        Self { pointer: file.state.as_ref().map(|pointer| pointer.0.clone()), words: words.collect() }
    }

    pub fn needs_json(&self) -> bool {
        self.pointer.is_some()
    }

    /// # Errors
    /// When the answer tells no state.
    pub fn read(&self, verdict: Verdict) -> Result<Seen<Json>, Trouble> {
        match verdict {
            Verdict::Done(answer) => self.state(answer.unwrap_or_default()),
            Verdict::Gone(trouble) => Ok(Seen { means: Means::Gone, word: trouble.why, found: Json::Null }),
            Verdict::Conflict(trouble)
            | Verdict::NotTaken(_, trouble)
            | Verdict::Unsure(trouble)
            | Verdict::Refused(trouble) => Err(trouble),
        }
    }

    fn state(&self, answer: Json) -> Result<Seen<Json>, Trouble> {
        let Some(pointer) = &self.pointer else {
            return Ok(Seen { means: Means::Running, word: String::new(), found: answer });
        };
        let word = match answer.pointer(pointer) {
            Some(Json::String(word)) => word.clone(),
            Some(value @ (Json::Bool(_) | Json::Number(_))) => value.to_string(),
            Some(_) | None => {
                let why = format!("the answer has no state at `{pointer}`");
                return Err(Trouble::new(Kind::Lasting, why)
                    .hint("`state` is a JSON pointer to a text, a number or a truth value in it"));
            }
        };
        let known = self.words.iter().find(|(known, _)| *known == word);
        let known = known.or_else(|| self.words.iter().find(|(known, _)| known.eq_ignore_ascii_case(&word)));
        let means = known.map(|(_, means)| *means);
        let shown = if means.is_some() { word } else { format!("{word}, which `status` doesn't explain") };
        Ok(Seen { means: means.unwrap_or(Means::Starting), word: shown, found: answer })
    }
}
