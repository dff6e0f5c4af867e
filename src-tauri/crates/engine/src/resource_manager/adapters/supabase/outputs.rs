//! What a project offers: how its database is connected to, and its keys.

use super::super::cloud::Offers;
use super::api::{ApiKey, BranchDatabase, Pooler};

pub const PASSWORD: &str = "password";

/// By name.
pub const OUTPUTS: [&str; 17] = [
    "url",
    "pooled_url",
    "host",
    "pooled_host",
    "port",
    "pooled_port",
    "user",
    "pooled_user",
    PASSWORD,
    "database",
    "api_url",
    "anon_key",
    "publishable_key",
    "service_role_key",
    "secret_key",
    "ref",
    "branch",
];

/// Of Postgres.
const PORT: u16 = 5432;

/// Of each project; another one is made by hand.
const OWNER: &str = "postgres";

/// Everything that is known of how to connect.
#[derive(Debug, Default)]
pub struct Known {
    pub reference: String,
    pub branch: Option<String>,
    pub host: Option<String>,
    pub database: BranchDatabase,
    /// As the settings say it.
    pub password: Option<String>,
    pub poolers: Vec<Pooler>,
    pub keys: Vec<ApiKey>,
}

pub fn offer(known: &Known, offers: &mut Offers<'_>) {
    let Known { reference, database, .. } = known;
    let own = database.db_pass.as_deref().filter(|password| !password.is_empty());
    let password =
        known.password.as_deref().or(own).map(|password| offers.secret(PASSWORD, password.to_owned()));
    let host = database.db_host.as_ref().or(known.host.as_ref()).filter(|host| !host.is_empty());
    let host = host.map_or_else(|| format!("db.{reference}.supabase.co"), Clone::clone);
    let (user, port) = (database.db_user.as_deref().unwrap_or(OWNER), database.db_port.unwrap_or(PORT));
    offers.text("url", connection(user, password.as_deref(), &host, port, OWNER));
    for (name, value) in [("host", &*host), ("user", user), ("database", OWNER), ("ref", reference)] {
        offers.plain(name, value);
    }
    offers.plain("port", &port.to_string());
    offers.plain("api_url", &format!("https://{reference}.supabase.co"));
    if let Some(branch) = &known.branch {
        offers.plain("branch", branch);
    }
    if let Some(pooler) = pooler(&known.poolers) {
        let Pooler { db_user, db_host, db_port, db_name, .. } = pooler;
        offers.text("pooled_url", connection(db_user, password.as_deref(), db_host, *db_port, db_name));
        offers.plain("pooled_host", db_host);
        offers.plain("pooled_port", &db_port.to_string());
        offers.plain("pooled_user", db_user);
    }
    for (name, is_secret) in
        [("anon_key", false), ("publishable_key", false), ("service_role_key", true), ("secret_key", true)]
    {
        match key(&known.keys, name) {
            Some(key) if is_secret => drop(offers.secret(name, key.to_owned())),
            Some(key) => offers.plain(name, key),
            None => {}
        }
    }
}

/// The one that leads to what is written to; where there are several, the one that most connections fit through.
fn pooler(poolers: &[Pooler]) -> Option<&Pooler> {
    let primary = || poolers.iter().filter(|pooler| pooler.database_type != "READ_REPLICA");
    primary().find(|pooler| pooler.pool_mode == "transaction").or_else(|| primary().next())
}

/// A key by the name of its output.
fn key<'k>(keys: &'k [ApiKey], output: &str) -> Option<&'k str> {
    let is_it = |key: &&ApiKey| match (key.kind.as_deref(), output) {
        (Some("publishable"), "publishable_key") | (Some("secret"), "secret_key") => true,
        (Some("legacy") | None, "anon_key") => key.name == "anon",
        (Some("legacy") | None, "service_role_key") => key.name == "service_role",
        _ => false,
    };
    let whole = |key: &&ApiKey| key.api_key.as_deref().is_some_and(is_whole);
    let mut found: Vec<&ApiKey> = keys.iter().filter(is_it).filter(whole).collect();
    found.sort_by_key(|key| key.name != "default");
    found.first().and_then(|key| key.api_key.as_deref())
}

/// One that may not be seen is told with its middle masked.
fn is_whole(key: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    !key.is_empty() && key.chars().all(is_part) && !key.contains("..")
}

/// `password` is a reference.
fn connection(user: &str, password: Option<&str>, host: &str, port: u16, database: &str) -> String {
    let password = password.map_or_else(String::new, |password| format!(":{password}"));
    let (user, host) = (encoded(user), host.replace('$', "$$"));
    format!("postgresql://{user}{password}@{host}:{port}/{}", encoded(database))
}

/// Nothing of it ends its part of the URL, or is a reference.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    text.bytes().fold(String::new(), |text, byte| match is_plain(byte) {
        true => text + &char::from(byte).to_string(),
        false => format!("{text}%{byte:02X}"),
    })
}
