use std::fmt::Debug;
use std::time::SystemTime;

use serde_json::Value;

use super::{Call, Rate, Refusal, Reply, Standing, Token};
use crate::cloudflare::decoded;

/// A cloud: all that it knows, and what is its own about it. A copy of it is what a read that lags behind sees.
pub trait Vendor: Clone + Debug + Send + 'static {
    /// What `fake-cloud` knows it by.
    const NAME: &'static str;
    /// What its paths begin with, `/api/v2` or nothing.
    const BASE: &'static str;
    /// How a token is presented: what stands before it in `Authorization`, or the name of a header of its own.
    const SCHEMES: &'static [&'static str] = &["Bearer"];

    /// As somebody has it who uses it already.
    fn new(now: SystemTime) -> Self;

    /// The code and words of a status that is not about anything in particular: 401, 403, 429, 500…
    fn words(status: u16) -> Refusal;

    /// A refusal as it goes over the wire. The id is this request's.
    fn shape(refusal: &Refusal, id: &str) -> Reply;

    /// The permissions of which one is enough for this call. None: any token will do.
    fn needs(call: &Call) -> &'static [&'static str];

    /// Whether it may change something. Where everything is a POST, the body says it.
    fn is_write(call: &Call) -> bool {
        call.method != "GET"
    }

    fn rate() -> Rate {
        Rate::default()
    }

    /// The headers by which each answer tells how much of the limit is left.
    fn rate_headers(_standing: &Standing) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Lets everything happen that was to happen until now.
    fn settle(&mut self, now: SystemTime);

    /// # Errors
    /// When it refuses. Then nothing is changed.
    fn answer(&mut self, call: &Call, asked: &Asked<'_>) -> Result<Reply, Refusal>;

    /// What somebody else does there, `{"do": "pause", …}`. Gives what there is to tell.
    ///
    /// # Errors
    /// Says what the order lacks.
    fn control(&mut self, order: &Value, now: SystemTime) -> Result<Value, String>;

    /// All that it knows, for those who try it by hand.
    fn tell(&self) -> Value;
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub now: SystemTime,
    pub token: &'a Token,
}

/// The parts of a path, as they are meant.
#[must_use]
pub fn segments(call: &Call) -> Vec<String> {
    call.segments().into_iter().map(|segment| decoded(&segment.replace('+', "%2B"))).collect()
}
