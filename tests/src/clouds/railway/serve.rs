use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::graphql::{Document, Kind, arguments, check, pick, variables};
use super::schema::TYPES;
use super::state::Railway;
use super::{control, errors};
use crate::clouds::shared::{Asked, Call, Rate, Refusal, Reply, RetryAfter, Standing, Vendor};

/// The header that tokens of projects come in. The others come as `Bearer`.
const PROJECT: &str = "Project-Access-Token";

impl Vendor for Railway {
    const NAME: &'static str = "railway";
    const BASE: &'static str = "/graphql/v2";
    const SCHEMES: &'static [&'static str] = &["Bearer", PROJECT];

    fn new(now: SystemTime) -> Self {
        Self::initial(now)
    }

    fn words(status: u16) -> Refusal {
        errors::words(status)
    }

    fn shape(refusal: &Refusal, id: &str) -> Reply {
        errors::shape(refusal, id)
    }

    /// Members of a workspace have roles: who only looks may not deploy.
    fn needs(call: &Call) -> &'static [&'static str] {
        if Self::is_write(call) { &["deploy"] } else { &[] }
    }

    fn is_write(call: &Call) -> bool {
        let document = Document::parse(call.body["query"].as_str().unwrap_or_default());
        document.is_ok_and(|document| document.kind == Kind::Mutation)
    }

    /// What Railway documents for the Hobby plan.
    fn rate() -> Rate {
        Rate::new(1000, Duration::from_secs(3600), RetryAfter::Seconds)
    }

    /// The documented ones are not there in fact.
    fn rate_headers(standing: &Standing) -> Vec<(&'static str, String)> {
        vec![("ratelimit-policy", format!("\"default\";q={};w=3600", standing.limit))]
    }

    fn settle(&mut self, now: SystemTime) {
        self.settle_at(now);
    }

    fn answer(&mut self, call: &Call, asked: &Asked<'_>) -> Result<Reply, Refusal> {
        if call.method != "POST" || !matches!(call.path.as_str(), "" | "/") {
            return Err(errors::words(404));
        }
        let is_by_project = call.authorization.as_deref().is_some_and(|header| header.starts_with(PROJECT));
        if is_by_project != (asked.token.kind == "project") {
            return Err(errors::missing("Project Token"));
        }
        let text = call.body["query"].as_str();
        let text = text.ok_or_else(|| {
            errors::invalid("BAD_REQUEST", "GraphQL operations must contain a non-empty `query`.".to_owned())
        })?;
        let document =
            Document::parse(text).map_err(|error| errors::invalid("GRAPHQL_PARSE_FAILED", error))?;
        check(&TYPES, &document).map_err(|error| errors::invalid("GRAPHQL_VALIDATION_FAILED", error))?;
        let named = call.body["operationName"].as_str();
        if named.is_some_and(|named| document.name.as_deref() != Some(named)) {
            return Err(errors::invalid(
                "OPERATION_RESOLUTION_FAILURE",
                format!("Unknown operation named {named:?}."),
            ));
        }
        let given = variables(&TYPES, &document, &call.body["variables"]);
        let given = given.map_err(|error| errors::invalid("BAD_USER_INPUT", error))?;
        let root = if document.kind == Kind::Mutation { "Mutation" } else { "Query" };
        let mut data = Map::new();
        for field in &document.fields {
            let told = match (document.kind, field.name.as_str()) {
                (_, "__typename") => Ok(json!(root)),
                (Kind::Query, name) => self.query(name, &arguments(field, &given), asked),
                (Kind::Mutation, name) => self.mutate(name, &arguments(field, &given), asked),
            };
            // Every field of the root is promised to be there, so the first that is not makes an end of all.
            let told = told.map_err(|refusal| {
                let code = format!("{} {}", refusal.code, field.key);
                Refusal { code, ..refusal }
            })?;
            data.insert(field.key.clone(), pick(&TYPES, root, field, &told));
        }
        Ok(Reply::json(200, &json!({"data": data})))
    }

    fn control(&mut self, order: &Value, now: SystemTime) -> Result<Value, String> {
        control::control(self, order, now)
    }

    fn tell(&self) -> Value {
        json!({
            "workspaces": self.workspaces.iter().map(|one| json!({"id": one.id, "name": one.name})).collect::<Vec<_>>(),
            "projects": self.projects.iter().map(|one| self.told_project(one)).collect::<Vec<_>>(),
            "deployments": self.deployments.iter().map(|one| self.told_deployment(one)).collect::<Vec<_>>(),
        })
    }
}
