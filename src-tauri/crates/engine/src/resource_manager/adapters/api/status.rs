//! What an answer says of a resource's state. Pure.

use serde_json::Value as Json;

use super::answer::{Kind, Trouble, Verdict};
use super::settings::StatusFile;

/// A state, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Running,
    /// On its way there; or in a state that nobody explained.
    Starting,
    Stopping,
    Stopped,
    Failed,
    /// There is no such thing.
    Gone,
}

impl Means {
    pub fn is_down(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed | Self::Gone)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub means: Means,
    /// The API's own word for it, or some words about it.
    pub word: String,
    pub answer: Json,
}

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
    pub fn read(&self, verdict: Verdict) -> Result<Seen, Trouble> {
        match verdict {
            Verdict::Done(answer) => self.state(answer.unwrap_or_default()),
            Verdict::Gone(trouble) => Ok(Seen { means: Means::Gone, word: trouble.why, answer: Json::Null }),
            Verdict::Conflict(trouble)
            | Verdict::NotTaken(_, trouble)
            | Verdict::Unsure(trouble)
            | Verdict::Refused(trouble) => Err(trouble),
        }
    }

    fn state(&self, answer: Json) -> Result<Seen, Trouble> {
        let Some(pointer) = &self.pointer else {
            return Ok(Seen { means: Means::Running, word: String::new(), answer });
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
        Ok(Seen { means: means.unwrap_or(Means::Starting), word: shown, answer })
    }
}
