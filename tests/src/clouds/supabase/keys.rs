//! What to connect by: keys of the API, and the poolers of the database.

use serde_json::{Value, json};

use super::Supabase;
use super::routes::Answer;
use crate::clouds::Vendor;
use crate::clouds::shared::{Asked, Call, Reply};

impl Supabase {
    /// A token of the kind `no-reveal` may see that there are keys, and none of them: so it has been seen.
    pub(super) fn keys(&self, reference: &str, call: &Call, asked: &Asked<'_>) -> Answer {
        let is_revealed = call.asked("reveal") == Some("true");
        if is_revealed && asked.token.kind == "no-reveal" {
            return Err(Self::words(403));
        }
        let project = self.project(reference).ok_or_else(|| Self::words(404))?;
        // Each is another one by its project; they open nothing.
        let end = &project.password[..22];
        let legacy = |name: &str| json!({"name": name, "type": "legacy", "id": name, "api_key": format!("eyJ0eXAiOiJKV1QifQ.{name}.{end}")});
        let secret = if is_revealed { end.to_owned() } else { format!("{}···", &end[..5]) };
        let keys = json!([
            legacy("anon"),
            legacy("service_role"),
            {
                "name": "default", "type": "publishable", "id": "0b2d2c4e-1111-4222-a333-444455556666", "prefix": end[..5],
                "api_key": format!("sb_publishable_{end}"), "description": null,
            },
            {
                "name": "default", "type": "secret", "id": "1c3d3c4e-1111-4222-a333-444455556666", "prefix": end[..5],
                "api_key": format!("sb_secret_{secret}"), "hash": "4f7d", "description": null,
            },
        ]);
        Ok(Reply::json(200, &keys))
    }

    pub(super) fn pooler(&self, reference: &str) -> Answer {
        let project = self.project(reference).ok_or_else(|| Self::words(404))?;
        let (user, host) = (format!("postgres.{reference}"), project.pooler_host());
        // Nobody is told the password.
        let uri = format!("postgresql://{user}:[YOUR-PASSWORD]@{host}:6543/postgres");
        Ok(Reply::json(
            200,
            &json!([{
                "identifier": reference, "database_type": "PRIMARY", "is_using_scram_auth": true, "db_user": user, "db_host": host,
                "db_port": 6543, "db_name": "postgres", "connection_string": uri, "connectionString": uri, "default_pool_size": null,
                "max_client_conn": null, "pool_mode": "transaction",
            }]),
        ))
    }

    /// In no document that is here; as their command reads it.
    pub(super) fn pgbouncer(&self, reference: &str) -> Answer {
        let project = self.project(reference).ok_or_else(|| Self::words(404))?;
        let uri = format!("postgresql://postgres:[YOUR-PASSWORD]@{}:6543/postgres", project.host());
        let value: Value = json!({"pool_mode": "transaction", "default_pool_size": 15, "max_client_conn": 200, "connection_string": uri});
        Ok(Reply::json(200, &value))
    }
}
