//! What of Railway's API is used, with its own names.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::settings::TokenOf;
use super::{AT_ONCE, queries};
use crate::resource_manager::remote::Call;

/// Every answer.
#[derive(Debug, Clone, Deserialize)]
pub struct Data<T> {
    pub data: T,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Edges<T> {
    pub edges: Vec<Edge<T>>,
    #[serde(rename = "pageInfo", default)]
    pub page: Option<Page>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Edge<T> {
    pub node: T,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    #[serde(default)]
    pub has_next_page: bool,
    #[serde(default)]
    pub end_cursor: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct OneProject {
    pub project: Project,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Projects {
    pub projects: Edges<Project>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectOfToken {
    pub project_token: OfToken,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfToken {
    pub environment_id: String,
    pub project: Project,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    pub id: String,
    pub name: String,
    /// It stays on lists.
    #[serde(default)]
    pub deleted_at: Option<String>,
    #[serde(default)]
    pub primary_environment_id: Option<String>,
    pub environments: Edges<Named>,
    pub services: Edges<Named>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Named {
    #[serde(default)]
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OneInstance {
    pub service_instance: Instance,
}

/// A service in an environment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    #[serde(default)]
    pub service_name: String,
    #[serde(default)]
    pub latest_deployment: Option<Deployment>,
    #[serde(default)]
    pub active_deployments: Option<Vec<Deployment>>,
    #[serde(default)]
    pub domains: Option<Domains>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domains {
    #[serde(default)]
    pub service_domains: Vec<Domain>,
    #[serde(default)]
    pub custom_domains: Vec<Domain>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Domain {
    pub domain: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployments {
    pub deployments: Edges<Deployment>,
    #[serde(default)]
    pub api_token: Option<OfAccount>,
    #[serde(default)]
    pub project_token: Option<Scope>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct OfAccount {
    pub workspaces: Vec<Named>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Scope {
    pub project: Named,
    pub environment: Named,
}

#[derive(Debug, Clone, Deserialize)]
pub struct OneDeployment {
    pub deployment: Deployment,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    pub id: String,
    /// `QUEUED`, `WAITING`, `NEEDS_APPROVAL`, `INITIALIZING`, `BUILDING`, `DEPLOYING`, `SUCCESS`, `FAILED`, `CRASHED`,
    /// `SLEEPING`, `SKIPPED`, `REMOVING`, `REMOVED`
    pub status: String,
    #[serde(default)]
    pub created_at: Option<String>,
    /// What is stopped still says that it succeeded; what starts or sleeps says this, too.
    #[serde(default)]
    pub deployment_stopped: Option<bool>,
    #[serde(default)]
    pub service_id: Option<String>,
    #[serde(default)]
    pub environment_id: Option<String>,
    /// Anything.
    #[serde(default)]
    pub meta: Json,
}

impl Deployment {
    pub fn is_in_progress(&self) -> bool {
        matches!(
            &*self.status,
            "QUEUED" | "WAITING" | "NEEDS_APPROVAL" | "INITIALIZING" | "BUILDING" | "DEPLOYING"
        )
    }

    pub fn is_stopped(&self) -> bool {
        self.status == "SUCCESS" && self.deployment_stopped == Some(true)
    }

    /// Somebody who comes is answered.
    pub fn serves(&self) -> bool {
        self.status == "SLEEPING" || self.status == "SUCCESS" && !self.is_stopped()
    }

    pub fn noted(&self, name: &str) -> Option<&str> {
        self.meta.get(name)?.as_str().filter(|text| !text.is_empty())
    }
}

/// Where a service is, by their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids {
    pub project: String,
    pub environment: String,
    pub service: String,
}

/// What is read.
const READS: &str = "a token of the account, the workspace or the project that this service is in";
/// What is changed.
const CHANGES: &str = "a token of the project's environment, or of somebody who may deploy in its workspace";

/// The requests of one token.
#[derive(Debug, Clone)]
pub struct Api {
    pub base: Url,
    pub token_of: TokenOf,
}

impl Api {
    fn ask(&self, doing: &str, query: &str, variables: &Json) -> Call {
        let call = self.send(doing.to_owned(), query, variables).needs(READS);
        Call { again: true, reads: true, ..call }
    }

    fn change(&self, doing: String, query: &str, id: &str) -> Call {
        self.send(doing, query, &json!({ "id": id })).needs(CHANGES)
    }

    fn send(&self, doing: String, query: &str, variables: &Json) -> Call {
        Call::at(doing, Method::POST, &self.base, &[])
            .json(&json!({ "query": query, "variables": variables }))
            .within("requests at once", AT_ONCE)
    }

    pub fn project(&self, id: &str) -> Call {
        self.ask("look at the project", queries::PROJECT, &json!({ "id": id }))
    }

    pub fn projects(&self, after: Option<&str>) -> Call {
        self.ask("list the projects", queries::PROJECTS, &json!({ "after": after }))
    }

    pub fn project_of_token(&self) -> Call {
        self.ask("look at the token's project", queries::PROJECT_OF_TOKEN, &json!({}))
    }

    pub fn instance(&self, ids: &Ids) -> Call {
        let variables = json!({ "environment": ids.environment, "service": ids.service });
        self.ask("look at the service", queries::INSTANCE, &variables)
    }

    /// The newest ones first.
    pub fn deployments(&self, ids: &Ids) -> Call {
        self.ask("list the deployments", queries::DEPLOYMENTS, &Self::of(ids))
    }

    pub fn deployments_with_sign_in(&self, ids: &Ids) -> Call {
        let query = match self.token_of {
            TokenOf::Account => queries::DEPLOYMENTS_FOR_ACCOUNT,
            TokenOf::Project => queries::DEPLOYMENTS_FOR_PROJECT,
        };
        self.ask("list the deployments", query, &Self::of(ids))
    }

    fn of(ids: &Ids) -> Json {
        let Ids { project, environment, service } = ids;
        json!({ "input": { "projectId": project, "environmentId": environment, "serviceId": service } })
    }

    pub fn deployment(&self, id: &str) -> Call {
        self.ask("look at the deployment", queries::DEPLOYMENT, &json!({ "id": id }))
    }

    pub fn redeploy(&self, id: &str) -> Call {
        self.change(format!("redeploy {id}"), queries::REDEPLOY, id)
    }

    pub fn restart(&self, id: &str) -> Call {
        self.change(format!("restart {id}"), queries::RESTART, id)
    }

    pub fn stop(&self, id: &str) -> Call {
        self.change(format!("stop {id}"), queries::STOP, id)
    }

    pub fn cancel(&self, id: &str) -> Call {
        self.change(format!("cancel {id}"), queries::CANCEL, id)
    }
}
