use std::fmt;
use std::sync::Arc;

/// The value of a secret. It has no way to be printed or written but [`SecretText::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Arc<str>);

impl SecretText {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// For the moment of its use.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed_by_accident() {
        let secret = Some(SecretText::new("hunter2hunter2"));
        assert_eq!(format!("{secret:?}"), "Some(SecretText(…))");
    }
}
