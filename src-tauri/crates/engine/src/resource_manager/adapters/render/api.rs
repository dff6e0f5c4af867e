//! What of Render's API is used, with its own names. More may be in each answer.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;

use super::{CHANGES, CHANGES_OF_ONE};
use crate::resource_manager::remote::Call;

#[derive(Debug, Clone, Deserialize)]
pub struct ListedService {
    pub service: Service,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub id: String,
    pub name: String,
    /// `web_service`, `static_site`, `private_service`, `background_worker`, `cron_job`
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub owner_id: Option<String>,
    /// `suspended`, `not_suspended`
    #[serde(default)]
    pub suspended: Option<String>,
    /// `user`, `billing`, `admin`, …
    #[serde(default)]
    pub suspenders: Option<Vec<String>>,
    #[serde(default)]
    pub dashboard_url: Option<String>,
    #[serde(default)]
    pub repo: Option<String>,
    #[serde(default)]
    pub branch: Option<String>,
    #[serde(default)]
    pub service_details: Option<Details>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub plan: Option<String>,
    #[serde(default)]
    pub runtime: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ListedDeploy {
    pub deploy: Deploy,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deploy {
    pub id: String,
    /// `created`, `queued`, `build_in_progress`, `pre_deploy_in_progress`, `update_in_progress`, `live`, `deactivated`,
    /// `build_failed`, `pre_deploy_failed`, `update_failed`, `canceled`
    #[serde(default)]
    pub status: Option<String>,
    /// `api`, `new_commit`, `service_resumed`, …
    #[serde(default)]
    pub trigger: Option<String>,
    #[serde(default)]
    pub commit: Option<Commit>,
    #[serde(default)]
    pub created_at: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Commit {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ListedOwner {
    pub owner: Owner,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Owner {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
}

impl Service {
    pub fn is_suspended(&self) -> bool {
        self.suspended.as_deref() == Some("suspended")
    }

    /// By whom, where that is nobody who could resume it from here.
    pub fn suspenders_but_its_user(&self) -> Vec<&str> {
        let all = self.suspenders.iter().flatten().map(String::as_str);
        all.filter(|suspender| *suspender != "user").collect()
    }

    /// As it is written, with a scheme where that is a website.
    pub fn url(&self) -> Option<&str> {
        self.service_details.as_ref()?.url.as_deref().filter(|url| !url.is_empty())
    }
}

impl Deploy {
    pub fn status(&self) -> &str {
        self.status.as_deref().unwrap_or("in no state")
    }

    pub fn is_in_progress(&self) -> bool {
        matches!(self.status(), "created" | "queued" | "build_in_progress" | "update_in_progress")
            || self.status() == "pre_deploy_in_progress"
    }

    pub fn is_failed(&self) -> bool {
        matches!(self.status(), "build_failed" | "update_failed" | "pre_deploy_failed")
    }

    /// It was there already, and has come back.
    pub fn is_of_a_resume(&self) -> bool {
        self.trigger.as_deref() == Some("service_resumed")
    }
}

/// What is read.
const READS: &str = "a key of a member of the workspace that the service is of";
/// What is changed.
const CHANGES_IT: &str = "a key of somebody whose role in the workspace may change its services";

/// The most that one page may have.
const PAGE: &str = "100";

/// The requests of one user.
#[derive(Debug, Clone)]
pub struct Api {
    pub base: Url,
}

impl Api {
    fn get(&self, doing: &str, parts: &[&str]) -> Call {
        Call::get(doing, &self.base, parts).needs(READS)
    }

    fn change(&self, doing: String, service: &Service, parts: &[&str]) -> Call {
        let parts = [&["services", &*service.id], parts].concat();
        Call::at(doing, Method::POST, &self.base, &parts)
            .needs(CHANGES_IT)
            .within(format!("changes of {}", service.id), CHANGES_OF_ONE)
            .within("changes", CHANGES)
    }

    pub fn user(&self) -> Call {
        self.get("ask who signs in", &["users"])
    }

    pub fn owners(&self) -> Call {
        self.get("list the workspaces", &["owners"]).query("limit", PAGE)
    }

    pub fn service(&self, id: &str) -> Call {
        self.get("look at the service", &["services", id])
    }

    pub fn services_named(&self, name: &str, owner: Option<&str>) -> Call {
        let call = self.get("look for the service", &["services"]).query("name", name);
        let call = owner.into_iter().fold(call, |call, owner| call.query("ownerId", owner));
        call.query("limit", PAGE)
    }

    /// The newest ones first.
    pub fn deploys(&self, service: &str) -> Call {
        self.get("list the deploys", &["services", service, "deploys"]).query("limit", "20")
    }

    pub fn deploy(&self, service: &Service, clears_cache: bool) -> Call {
        let clear = if clears_cache { "clear" } else { "do_not_clear" };
        self.change(format!("deploy {}", service.name), service, &["deploys"])
            .json(&json!({ "clearCache": clear }))
    }

    pub fn cancel(&self, service: &Service, deploy: &str) -> Call {
        self.change(format!("cancel {deploy}"), service, &["deploys", deploy, "cancel"])
    }

    pub fn suspend(&self, service: &Service) -> Call {
        self.change(format!("suspend {}", service.name), service, &["suspend"]).repeatable()
    }

    pub fn resume(&self, service: &Service) -> Call {
        self.change(format!("resume {}", service.name), service, &["resume"]).repeatable()
    }
}
