//! Who is let in where. That a token is unknown, and that it does not reach something, are told apart by nothing but
//! code and message.

use crate::cloudflare::call::Call;
use crate::cloudflare::reply::Failure;
use crate::cloudflare::state::{State, Zone};
use crate::cloudflare::token::{Permission, Standing, Token};

/// The shortest that a token has been.
const TOKEN_LENGTH: usize = 40;

/// What stands in the log in its place.
pub(super) fn name_of_token(state: &State, call: &Call) -> String {
    match call.authorization.as_deref().map(|header| header.strip_prefix("Bearer ").unwrap_or(header)) {
        None => "no token".to_owned(),
        Some(value) => match state.tokens.iter().position(|token| token.value == value) {
            Some(place) => format!("token {}", place + 1),
            None => "an unknown token".to_owned(),
        },
    }
}

/// The token behind `Bearer`, where it has the form of one. That a request without any is refused with 400 is a guess.
pub(super) fn bearer(call: &Call) -> Result<&str, Failure> {
    let Some(header) = &call.authorization else {
        return Err(Failure::new(400, 10001, "Unable to authenticate request"));
    };
    let is_of_token = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    let token = header.strip_prefix("Bearer ").filter(|token| token.len() >= TOKEN_LENGTH);
    token.filter(|token| token.chars().all(is_of_token)).ok_or_else(|| Failure {
        chain: Some((6111, "Invalid format for Authorization header")),
        ..Failure::new(400, 6003, "Invalid request headers")
    })
}

/// The token, where it is one that works.
pub(super) fn token<'a>(state: &'a State, call: &Call) -> Result<&'a Token, Failure> {
    let value = bearer(call)?;
    let known = state.tokens.iter().find(|token| token.value == value);
    known
        .filter(|token| token.standing == Standing::Active)
        .ok_or_else(|| Failure::new(403, 9109, "Invalid access token"))
}

/// That the caller may do this in that account.
pub(super) fn account(state: &State, call: &Call, account: &str, needed: Permission) -> Result<(), Failure> {
    let token = token(state, call)?;
    if token.accounts.contains(account) && needed.is_among(&token.permissions) {
        return Ok(());
    }
    Err(Failure::new(403, 10000, "Authentication error"))
}

/// That zone, where the caller may do this in it.
pub(super) fn zone<'a>(
    state: &'a State,
    call: &Call,
    id: &str,
    needed: Permission,
) -> Result<&'a Zone, Failure> {
    let token = token(state, call)?;
    let zone = state.zones.iter().find(|zone| zone.id == id).filter(|zone| reaches(token, zone));
    zone.filter(|_| needed.is_among(&token.permissions)).ok_or_else(|| match needed {
        Permission::ZoneRead => unauthorized(),
        _ => Failure::new(403, 10000, "Authentication error"),
    })
}

pub(super) fn reaches(token: &Token, zone: &Zone) -> bool {
    token.accounts.contains(&zone.account)
        && token.zones.as_ref().is_none_or(|zones| zones.contains(&zone.id))
}

pub(super) fn unauthorized() -> Failure {
    Failure::new(403, 9109, "Unauthorized to access requested resource")
}
