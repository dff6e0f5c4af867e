//! What of Neon's API is used, with its own names. More may be in each answer.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;

use crate::resource_manager::remote::Call;

#[derive(Debug, Clone, Deserialize)]
pub struct Branches {
    pub branches: Vec<Branch>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Branch {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub parent_id: Option<String>,
    #[serde(default)]
    pub default: bool,
    #[serde(default)]
    pub protected: bool,
    /// `init`, `resetting`, `ready`, `archived`
    pub current_state: String,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub last_reset_at: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Endpoints {
    pub endpoints: Vec<Endpoint>,
}

/// A compute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    pub id: String,
    pub branch_id: String,
    /// `read_write`, `read_only`
    #[serde(rename = "type")]
    pub kind: String,
    /// `init`, `active`, `idle`
    pub current_state: String,
    #[serde(default)]
    pub pending_state: Option<String>,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default)]
    pub autoscaling_limit_max_cu: Option<serde_json::Number>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct OneProject {
    pub project: Project,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Project {
    pub name: String,
    pub region_id: String,
    pub pg_version: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Databases {
    pub databases: Vec<Database>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Database {
    pub name: String,
    pub owner_name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ConnectionUri {
    pub uri: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Me {
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub login: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Operations {
    pub operations: Vec<Operation>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Operation {
    pub action: String,
    /// `scheduling`, `running`, `finished`, `failed`, …
    pub status: String,
    #[serde(default)]
    pub branch_id: Option<String>,
    #[serde(default)]
    pub error: Option<String>,
}

/// The requests of one project.
#[derive(Debug, Clone)]
pub struct Api {
    pub base: Url,
    pub project: String,
}

/// The most that one page may have.
const PAGE: &str = "10000";

impl Api {
    fn get(&self, doing: &str, parts: &[&str]) -> Call {
        let parts = [&["projects", &*self.project], parts].concat();
        Call::get(doing, &self.base, &parts).needs("a key that may see this project")
    }

    fn post(&self, doing: String, parts: &[&str]) -> Call {
        let parts = [&["projects", &*self.project], parts].concat();
        Call::at(doing, Method::POST, &self.base, &parts).needs("a key that may change this project")
    }

    pub fn me(&self) -> Call {
        Call::get("ask who signs in", &self.base, &["users", "me"])
    }

    pub fn project(&self) -> Call {
        self.get("look at the project", &[])
    }

    pub fn branches(&self) -> Call {
        self.get("list the branches", &["branches"]).query("limit", PAGE)
    }

    /// Those whose name has this text in it.
    pub fn branches_like(&self, name: &str) -> Call {
        self.branches().query("search", name)
    }

    pub fn endpoints(&self, branch: &str) -> Call {
        self.get("list the computes", &["branches", branch, "endpoints"])
    }

    pub fn databases(&self, branch: &str) -> Call {
        self.get("list the databases", &["branches", branch, "databases"])
    }

    pub fn operations(&self) -> Call {
        self.get("list the operations", &["operations"]).query("limit", "20")
    }

    pub fn connection_uri(&self, (branch, endpoint): (&str, &str), database: &str, role: &str) -> Call {
        let call = self.get("ask for the connection", &["connection_uri"]);
        let call = call.query("branch_id", branch).query("endpoint_id", endpoint);
        call.query("database_name", database).query("role_name", role)
    }

    /// Without a parent, of the default branch.
    pub fn create_branch(&self, name: &str, parent: Option<&str>) -> Call {
        let mut branch = json!({ "name": name });
        if let Some(parent) = parent {
            branch["parent_id"] = json!(parent);
        }
        let body = json!({ "branch": branch, "endpoints": [{ "type": "read_write" }] });
        self.post(format!("create the branch {name}"), &["branches"]).json(&body)
    }

    pub fn create_endpoint(&self, branch: &Branch) -> Call {
        let body = json!({ "endpoint": { "branch_id": branch.id, "type": "read_write" } });
        self.post(format!("create a compute for the branch {}", branch.name), &["endpoints"]).json(&body)
    }

    pub fn start(&self, endpoint: &str) -> Call {
        self.post("start the compute".to_owned(), &["endpoints", endpoint, "start"]).repeatable()
    }

    pub fn suspend(&self, endpoint: &str) -> Call {
        self.post("suspend the compute".to_owned(), &["endpoints", endpoint, "suspend"]).repeatable()
    }

    pub fn reset(&self, branch: &Branch, parent: &str) -> Call {
        self.post(format!("reset the branch {}", branch.name), &["branches", &branch.id, "restore"])
            .json(&json!({ "source_branch_id": parent }))
    }

    pub fn delete(&self, branch: &Branch) -> Call {
        let parts = ["projects", &*self.project, "branches", &branch.id];
        Call::at(format!("delete the branch {}", branch.name), Method::DELETE, &self.base, &parts)
            .needs("a key that may change this project")
            .repeatable()
    }
}
