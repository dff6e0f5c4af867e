//! A regular expression in smart case: capital letters in it make it heed the case of letters.

use regex::bytes::{Regex, RegexBuilder};

use super::LogError;

/// A pattern to look for in lines.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
}

impl Pattern {
    /// # Errors
    /// [`LogError::Pattern`] for what is no regular expression.
    pub fn new(pattern: &str) -> Result<Self, LogError> {
        let regex = RegexBuilder::new(pattern).case_insensitive(!has_capital(pattern)).build();
        let regex = regex
            .map_err(|error| LogError::Pattern { pattern: pattern.to_owned(), reason: reason(&error) })?;
        Ok(Self { regex })
    }

    #[must_use]
    pub fn matches(&self, line: &[u8]) -> bool {
        self.regex.is_match(line)
    }
}

/// The last line of the explanation: those before it draw the place under a copy of the pattern.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Not counting what a backslash makes of a letter: `\S`, `\p{Greek}`.
fn has_capital(pattern: &str) -> bool {
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            if character.is_uppercase() {
                return true;
            }
            continue;
        }
        let is_class = matches!(characters.next(), Some('p' | 'P' | 'x' | 'u' | 'U'));
        if is_class && characters.as_str().starts_with('{') {
            characters.by_ref().find(|character| *character == '}');
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, line: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(line.as_bytes())
    }

    #[test]
    fn only_a_capital_letter_makes_the_case_of_letters_count() {
        assert!(matches("error|warn", "an ERROR"));
        assert!(matches("Error", "an Error"));
        assert!(!matches("Error", "an ERROR"));
        assert!(matches(r"\Serr\p{Lu}", "xERRO"));
        assert!(!matches(r"\\Serr", r"\SERR"));
        assert!(matches("straße", "STRASSE STRAẞE"));
    }

    #[test]
    fn what_is_no_expression_is_told_in_one_line() {
        let error = Pattern::new("GET (").unwrap_err().to_string();
        insta::assert_snapshot!(error, @r#""GET (" is no regular expression: unclosed group"#);
    }
}
