//! Secrets of Cloudflare's. They have no `Debug` and no `Display`, so that none gets into a log or an error.

use sha2::{Digest, Sha256};
use thiserror::Error;

/// What the API is called with.
pub struct ApiToken(String);

/// Why a text can't be a token: said without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenFault {
    #[error("the token is empty: paste what Cloudflare showed when the token was created")]
    Empty,
    #[error(
        "the token holds a space, a line break or another character that none of Cloudflare's has: paste the token \
         alone, without the word Bearer and without quotes"
    )]
    Character,
}

impl ApiToken {
    /// Takes a token as it was pasted: white space around it is no part of it.
    ///
    /// # Errors
    /// When it can't be one, which Cloudflare would tell less plainly.
    pub fn parse(text: &str) -> Result<Self, TokenFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TokenFault::Empty);
        }
        let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(&byte);
        if !text.bytes().all(is_of_token) {
            return Err(TokenFault::Character);
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Tells two tokens apart without keeping either.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// Tokens that an account owns say so in how they begin. None: older ones don't.
    pub(super) fn says_it_is_an_accounts(&self) -> bool {
        self.0.starts_with("cfat_")
    }
}

/// What a connector runs a tunnel with.
pub struct TunnelToken(String);

impl TunnelToken {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The token itself: for the environment of a connector, and for nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_token_loses_the_white_space_around_it_and_is_refused_with_any_inside() {
        assert_eq!(ApiToken::parse("  abc-DEF_123\n").ok().unwrap().reveal(), "abc-DEF_123");
        for (text, fault) in [
            (" \n", TokenFault::Empty),
            ("Bearer abc", TokenFault::Character),
            ("\"abc\"", TokenFault::Character),
            ("ab\ncd", TokenFault::Character),
            ("äbc", TokenFault::Character),
        ] {
            assert_eq!(ApiToken::parse(text).err(), Some(fault), "{text:?}");
        }
    }
}
