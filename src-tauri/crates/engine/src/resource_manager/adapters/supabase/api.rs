//! What of Supabase's API is used, with its own names. More may be in each answer.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;

use crate::resource_manager::remote::Call;

#[derive(Debug, Clone, Deserialize)]
pub struct Organization {
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Project {
    pub name: String,
    #[serde(default)]
    pub organization_slug: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
    pub status: String,
    #[serde(default)]
    pub database: Option<Database>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Database {
    #[serde(default)]
    pub host: Option<String>,
    #[serde(default)]
    pub version: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Branch {
    pub name: String,
    /// The project that the branch is.
    pub project_ref: String,
    #[serde(default)]
    pub is_default: bool,
    #[serde(default)]
    pub persistent: bool,
    #[serde(default)]
    pub git_branch: Option<String>,
    pub status: String,
    /// As a project's.
    #[serde(default)]
    pub preview_project_status: Option<String>,
    #[serde(default)]
    pub deletion_scheduled_at: Option<String>,
    #[serde(default)]
    pub updated_at: Option<String>,
}

/// How a branch is connected to.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct BranchDatabase {
    #[serde(default)]
    pub db_host: Option<String>,
    #[serde(default)]
    pub db_port: Option<u16>,
    #[serde(default)]
    pub db_user: Option<String>,
    #[serde(default)]
    pub db_pass: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pooler {
    /// `PRIMARY`, `READ_REPLICA`
    #[serde(default)]
    pub database_type: String,
    pub db_user: String,
    pub db_host: String,
    pub db_port: u16,
    pub db_name: String,
    /// `transaction`, `session`
    #[serde(default)]
    pub pool_mode: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ApiKey {
    pub name: String,
    /// `legacy`, `publishable`, `secret`
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub api_key: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Health {
    pub name: String,
    #[serde(default)]
    pub healthy: bool,
    /// `COMING_UP`, `ACTIVE_HEALTHY`, `UNHEALTHY`
    pub status: String,
    #[serde(default)]
    pub error: Option<String>,
}

/// The parts of a project whose health is asked for.
const PARTS: [&str; 6] = ["db", "pooler", "auth", "rest", "realtime", "storage"];

/// The requests of one project and its branches.
#[derive(Debug, Clone)]
pub struct Api {
    pub base: Url,
    /// Its ref.
    pub project: String,
}

impl Api {
    fn get(&self, doing: &str, parts: &[&str]) -> Call {
        Call::get(doing, &self.base, &[&["v1"], parts].concat())
    }

    fn post(&self, doing: String, parts: &[&str]) -> Call {
        Call::at(doing, Method::POST, &self.base, &[&["v1"], parts].concat())
    }

    pub fn organizations(&self) -> Call {
        self.get("list the organizations", &["organizations"]).needs("the permission organizations_read")
    }

    pub fn project(&self, reference: &str) -> Call {
        self.get("look at the project", &["projects", reference]).needs("the permission project_admin_read")
    }

    pub fn health(&self, reference: &str) -> Call {
        let call = self.get("ask for its health", &["projects", reference, "health"]);
        let call = PARTS.iter().fold(call, |call, part| call.query("services", part));
        call.needs("the permission project_admin_read")
    }

    pub fn branches(&self) -> Call {
        let call = self.get("list the branches", &["projects", &self.project, "branches"]);
        call.needs("the permission branching_development_read, and a plan that has branches")
    }

    pub fn branch_database(&self, reference: &str) -> Call {
        let call = self.get("ask for the branch's database", &["branches", reference]);
        call.needs("the permission branching_development_read")
    }

    pub fn pooler(&self, reference: &str) -> Call {
        let call = self.get("ask for the pooler", &["projects", reference, "config", "database", "pooler"]);
        call.needs("the permission database_pooling_config_read")
    }

    pub fn keys(&self, reference: &str) -> Call {
        let call = self.get("ask for the keys", &["projects", reference, "api-keys"]);
        call.needs("the permission api_gateway_keys_read")
    }

    pub fn pause(&self, reference: &str) -> Call {
        let call = self.post("pause the project".to_owned(), &["projects", reference, "pause"]);
        call.needs("the permission project_admin_write")
    }

    pub fn restore(&self, reference: &str) -> Call {
        let call = self.post("restore the project".to_owned(), &["projects", reference, "restore"]);
        call.needs("the permission project_admin_write")
    }

    pub fn cancel_restore(&self, reference: &str) -> Call {
        let parts = ["projects", reference, "restore", "cancel"];
        self.post("cancel the restore".to_owned(), &parts).needs("the permission project_admin_write")
    }

    pub fn create_branch(&self, name: &str) -> Call {
        let doing = format!("create the branch {name}");
        let call = self.post(doing, &["projects", &self.project, "branches"]);
        call.needs("the permission branching_development_create, and a plan that has branches")
            .json(&json!({ "branch_name": name }))
    }

    pub fn reset(&self, branch: &Branch) -> Call {
        let doing = format!("reset the branch {}", branch.name);
        let call = self.post(doing, &["branches", &branch.project_ref, "reset"]);
        // A body has to be there.
        call.needs("the permission branching_development_write").json(&json!({}))
    }

    pub fn delete(&self, branch: &Branch) -> Call {
        let doing = format!("delete the branch {}", branch.name);
        let parts = ["v1", "branches", &branch.project_ref];
        Call::at(doing, Method::DELETE, &self.base, &parts)
            .needs("the permission branching_development_delete")
            .repeatable()
    }
}
