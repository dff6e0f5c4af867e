/// A state, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    Running,
    /// It costs nothing now, and wakes by itself when it is used.
    Asleep,
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

    pub fn is_changing(self) -> bool {
        matches!(self, Self::Starting | Self::Stopping)
    }
}

/// What was seen of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<F> {
    pub means: Means,
    /// The API's own word for it, or some words about it.
    pub word: String,
    /// What was found beside that.
    pub found: F,
}
