/// Where something begins; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub line: u32,
    pub column: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub value: Value,
    pub at: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub text: String,
    pub at: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; a key may occur twice, which `read` then reports.
    Map(Vec<(Key, Node)>),
}

/// A number as it was written, since `VERSION: 1.10` as an environment variable must not become `1.1`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Number {
    pub text: String,
    pub value: f64,
}

impl Number {
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let value = text.parse().ok().filter(|value: &f64| value.is_finite())?;
        Some(Self { text, value })
    }

    /// As a whole number that fits 32 bits, which is wider than any setting.
    #[must_use]
    pub fn whole(&self) -> Option<u32> {
        let fits = self.value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&self.value);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        fits.then_some(self.value as u32)
    }
}

impl Node {
    /// What a person sees in the file, for error messages; long texts are cut.
    #[must_use]
    pub fn shown(&self) -> String {
        /// Enough to recognise a value by, short enough for one line of a message.
        const LONGEST: usize = 40;
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(number) => format!("`{}`", number.text),
            Value::Text(text) if text.is_empty() => "an empty text".into(),
            Value::Text(text) if text.chars().count() <= LONGEST && !text.contains('\n') => {
                format!("`{text}`")
            }
            Value::Text(text) => {
                let line = text.lines().next().unwrap_or_default();
                format!("`{}…`", line.chars().take(LONGEST).collect::<String>())
            }
            Value::List(items) if items.is_empty() => "an empty list".into(),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a map".into(),
        }
    }
}
