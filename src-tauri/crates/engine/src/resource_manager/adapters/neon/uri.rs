//! How a branch is connected to.

use reqwest::Url;

use super::super::cloud::Offers;

/// By name.
pub const OUTPUTS: [&str; 9] =
    ["url", "pooled_url", "host", "pooled_host", "port", "user", "password", "database", "branch"];

/// Of Postgres.
const PORT: u16 = 5432;

/// Offers a connection as it is, and through the pooler. False: these are none.
pub fn offer(direct: &str, pooled: &str, offers: &mut Offers<'_>) -> bool {
    let (Ok(direct), Ok(pooled)) = (Url::parse(direct), Url::parse(pooled)) else { return false };
    let (Some(host), Some(pooled_host)) = (direct.host_str(), pooled.host_str()) else { return false };
    let plain = |text: &str| percent_decoded(text);
    let password = offers.secret("password", plain(direct.password().unwrap_or_default()));
    for (name, url) in [("url", &direct), ("pooled_url", &pooled)] {
        offers.text(name, connection(url, &password));
    }
    offers.plain("host", host);
    offers.plain("pooled_host", pooled_host);
    offers.plain("port", &direct.port().unwrap_or(PORT).to_string());
    offers.plain("user", &plain(direct.username()));
    offers.plain("database", &plain(direct.path().trim_start_matches('/')));
    true
}

/// The same with a reference in the place of the password.
fn connection(url: &Url, password: &str) -> String {
    let escaped = |text: &str| text.replace('$', "$$");
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let query = url.query().map_or_else(String::new, |query| format!("?{}", escaped(query)));
    let (scheme, user, host) = (url.scheme(), escaped(url.username()), url.host_str().unwrap_or_default());
    format!("{scheme}://{user}:{password}@{host}{port}{}{query}", escaped(url.path()))
}

fn percent_decoded(text: &str) -> String {
    let mut decoded = vec![];
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digits = (byte == b'%').then(|| Some((ahead.next()?, ahead.next()?))).flatten();
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match digits.and_then(|(high, low)| Some(digit(high)? * 16 + digit(low)?)) {
            Some(value) => {
                decoded.push(value);
                bytes = ahead;
            }
            None => decoded.push(byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
