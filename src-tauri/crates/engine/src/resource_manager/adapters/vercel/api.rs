//! What of Vercel's API is used, with its own names. More may be in each answer.

use std::collections::BTreeMap;

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::DEPLOYS;
use super::settings::Target;
use crate::resource_manager::remote::Call;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub framework: Option<String>,
    #[serde(default)]
    pub paused: Option<bool>,
    #[serde(default)]
    pub link: Option<Link>,
    #[serde(default)]
    pub targets: Option<Targets>,
    #[serde(default)]
    pub last_alias_request: Option<AliasRequest>,
}

/// The repository that it is built from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// `github`, `gitlab`, `bitbucket`
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub production_branch: Option<String>,
    #[serde(default)]
    pub org: Option<String>,
    #[serde(default)]
    pub repo: Option<String>,
    #[serde(default)]
    pub repo_id: Option<Json>,
    #[serde(default)]
    pub project_id: Option<Json>,
    #[serde(default)]
    pub owner: Option<String>,
    #[serde(default)]
    pub slug: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Targets {
    #[serde(default)]
    pub production: Option<Deployment>,
}

/// The last time that production was given to another deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AliasRequest {
    #[serde(default)]
    pub to_deployment_id: Option<String>,
    /// `pending`, `in-progress`, `succeeded`, `failed`, `skipped`
    #[serde(default)]
    pub job_status: Option<String>,
    #[serde(default)]
    pub requested_at: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Deployments {
    pub deployments: Vec<Deployment>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// In lists.
    #[serde(default)]
    uid: Option<String>,
    /// Elsewhere.
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    pub project_id: Option<String>,
    /// A host.
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub alias: Option<Vec<String>>,
    /// `QUEUED`, `INITIALIZING`, `BUILDING`, `READY`, `ERROR`, `CANCELED`, `BLOCKED`, `DELETED`
    #[serde(default)]
    pub ready_state: Option<String>,
    #[serde(default)]
    pub target: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub created_at: Option<u64>,
    #[serde(default)]
    pub alias_error: Option<Json>,
    #[serde(default)]
    pub error_message: Option<String>,
    #[serde(default)]
    pub inspector_url: Option<String>,
    #[serde(default)]
    pub meta: Option<BTreeMap<String, Json>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Signed {
    pub user: User,
}

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub username: Option<String>,
    /// A token that is not the whole account's.
    #[serde(default)]
    pub limited: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Teams {
    pub teams: Vec<Team>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Team {
    pub id: String,
    pub slug: String,
    #[serde(default)]
    pub name: Option<String>,
}

impl Deployment {
    pub fn id(&self) -> &str {
        self.uid.as_deref().or(self.id.as_deref()).unwrap_or_default()
    }

    pub fn state(&self) -> &str {
        self.ready_state.as_deref().unwrap_or("in no state")
    }

    pub fn is_being_built(&self) -> bool {
        matches!(self.state(), "QUEUED" | "INITIALIZING" | "BUILDING")
    }

    pub fn is_of_production(&self) -> bool {
        self.target.as_deref() == Some("production")
    }

    /// A text of its meta, by the first of these names that it has.
    pub fn noted(&self, names: &[&str]) -> Option<&str> {
        let meta = self.meta.as_ref()?;
        names.iter().find_map(|name| meta.get(*name)?.as_str()).filter(|text| !text.is_empty())
    }
}

/// In the meta of what was deployed from here, so that it is known again.
pub const MARK: &str = "kinfraRun";

/// What is read.
const READS: &str = "a token whose scope has this project: give `team` where it is a team's";
/// What is changed.
const DEPLOYS_IT: &str = "a token of somebody with a role that may deploy in the project's team";

/// The requests of one project.
#[derive(Debug, Clone)]
pub struct Api {
    pub base: Url,
    pub project: String,
    pub team: Option<String>,
}

impl Api {
    /// What is owned by a team is found only by its name.
    fn scoped(&self, call: Call) -> Call {
        match &self.team {
            Some(team) if team.starts_with("team_") => call.query("teamId", team),
            Some(team) => call.query("slug", team),
            None => call,
        }
    }

    fn get(&self, doing: &str, parts: &[&str]) -> Call {
        self.scoped(Call::get(doing, &self.base, parts)).needs(READS)
    }

    fn change(&self, doing: String, method: Method, parts: &[&str]) -> Call {
        self.scoped(Call::at(doing, method, &self.base, parts)).needs(DEPLOYS_IT)
    }

    pub fn user(&self) -> Call {
        Call::get("ask who signs in", &self.base, &["v2", "user"])
    }

    pub fn teams(&self) -> Call {
        Call::get("list the teams", &self.base, &["v2", "teams"]).query("limit", "100")
    }

    pub fn project(&self) -> Call {
        self.get("look at the project", &["v9", "projects", &self.project])
    }

    /// The newest ones first.
    pub fn deployments(&self, project: &str) -> Call {
        self.get("list the deployments", &["v7", "deployments"]).query("projectId", project)
    }

    pub fn deployments_of(&self, project: &str, target: Target, branch: Option<&str>) -> Call {
        let call = self.deployments(project).query(
            "target",
            match target {
                Target::Production => "production",
                Target::Preview => "preview",
            },
        );
        branch.into_iter().fold(call, |call, branch| call.query("branch", branch))
    }

    pub fn marked(&self, project: &str, mark: &str) -> Call {
        self.deployments(project).query(&format!("meta-{MARK}"), mark)
    }

    pub fn deployment(&self, id: &str) -> Call {
        self.get("look at the deployment", &["v13", "deployments", id])
    }

    /// From `what`, anew, even where Vercel finds that there is the same already.
    fn create(&self, doing: String, project: &Project, what: Json, target: Target, mark: &str) -> Call {
        let mut body = json!({ "name": project.name, "project": project.id, "meta": { MARK: mark } });
        if let (Some(body), Json::Object(what)) = (body.as_object_mut(), what) {
            body.extend(what);
            // Without one, it is a preview.
            if target == Target::Production {
                body.insert("target".to_owned(), json!("production"));
            }
        }
        let call = self.change(doing, Method::POST, &["v13", "deployments"]).query("forceNew", "1");
        call.json(&body).within("deployments that are created", DEPLOYS)
    }

    pub fn deploy(&self, project: &Project, source: &Json, target: Target, mark: &str) -> Call {
        let doing = format!("deploy {}", project.name);
        self.create(doing, project, json!({ "gitSource": source }), target, mark)
    }

    pub fn redeploy(&self, project: &Project, id: &str, target: Target, mark: &str) -> Call {
        let doing = format!("redeploy {id}");
        self.create(doing, project, json!({ "deploymentId": id }), target, mark)
    }

    pub fn promote(&self, project: &Project, id: &str) -> Call {
        let parts = ["v10", "projects", &project.id, "promote", id];
        self.change(format!("promote {id}"), Method::POST, &parts).json(&json!({}))
    }

    pub fn cancel(&self, id: &str) -> Call {
        self.change(format!("cancel {id}"), Method::PATCH, &["v12", "deployments", id, "cancel"])
    }
}

/// What git is to be asked for, of the repository that a project is linked with.
pub fn git_source(link: &Link, branch: &str) -> Option<Json> {
    match link.kind.as_deref()? {
        "github" => Some(json!({ "type": "github", "repoId": link.repo_id.as_ref()?, "ref": branch })),
        "gitlab" => Some(json!({ "type": "gitlab", "projectId": link.project_id.as_ref()?, "ref": branch })),
        "bitbucket" => {
            let (owner, slug) = (link.owner.as_ref()?, link.slug.as_ref()?);
            Some(json!({ "type": "bitbucket", "owner": owner, "slug": slug, "ref": branch }))
        }
        _ => None,
    }
}
