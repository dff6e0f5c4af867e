use serde_json::{Value, json};

use super::state::{Deploy, Render, Service, Workspace};
use crate::clouds::shared::rfc3339;

impl Render {
    pub(super) fn told_service(&self, service: &Service) -> Value {
        let suspended = service.suspension.at(self.now);
        let suspenders: Vec<_> =
            (suspended == "suspended").then_some(&service.suspender).into_iter().collect();
        json!({
            "id": service.id, "autoDeploy": "yes", "autoDeployTrigger": "commit", "branch": "main",
            "createdAt": rfc3339(service.created), "updatedAt": rfc3339(service.suspension.changed(self.now)),
            "dashboardUrl": format!("https://dashboard.render.com/{}/{}", service.kind, service.id),
            "name": service.name, "notifyOnFail": "default", "ownerId": service.workspace,
            "repo": format!("https://github.com/acme/{}", service.name), "rootDir": "", "slug": service.name,
            "suspended": suspended, "suspenders": suspenders, "type": service.kind,
            "serviceDetails": details(service),
        })
    }

    pub(super) fn told_deploy(&self, one: &Deploy) -> Value {
        let (status, changed) = (one.course.at(self.now), one.course.changed(self.now));
        let mut told = json!({
            "id": one.id, "status": status, "trigger": one.trigger, "createdAt": rfc3339(one.course.began()),
            "updatedAt": rfc3339(changed),
            "commit": {"id": one.commit, "message": "Sell more", "createdAt": rfc3339(one.course.began())},
        });
        let begun = ["build_in_progress", "update_in_progress"]
            .into_iter()
            .filter_map(|stage| one.course.since(stage, self.now));
        if let Some(begun) = begun.min() {
            told["startedAt"] = json!(rfc3339(begun));
        }
        if let Some(finished) = self.finished(one) {
            told["finishedAt"] = json!(rfc3339(finished));
        }
        told
    }

    pub(super) fn finished(&self, one: &Deploy) -> Option<std::time::SystemTime> {
        let ends = ["live", "build_failed", "update_failed", "pre_deploy_failed", "canceled"];
        ends.into_iter().find_map(|stage| one.course.since(stage, self.now))
    }
}

pub(super) fn workspace(one: &Workspace) -> Value {
    let kind = if one.is_team { "team" } else { "user" };
    json!({"id": one.id, "name": one.name, "email": "ada@example.com", "type": kind, "twoFactorAuthEnabled": true})
}

/// What is there depends on the kind, and so does whether it has an address.
fn details(service: &Service) -> Value {
    let previews = json!({"generation": "off"});
    let native = json!({"buildCommand": "npm ci", "startCommand": "npm start"});
    let mut details = match service.kind.as_str() {
        "static_site" => {
            return json!({
                "buildCommand": "npm run build", "publishPath": "dist", "pullRequestPreviewsEnabled": "no",
                "previews": previews, "buildPlan": "starter", "url": format!("https://{}.onrender.com", service.name),
            });
        }
        "cron_job" => {
            return json!({
                "env": "node", "runtime": "node", "envSpecificDetails": native, "plan": "starter", "region": "frankfurt",
                "schedule": "0 3 * * *", "buildPlan": "starter",
            });
        }
        _ => json!({
            "env": "node", "runtime": "node", "envSpecificDetails": native, "numInstances": 1, "plan": "starter",
            "pullRequestPreviewsEnabled": "no", "previews": previews, "region": "frankfurt", "buildPlan": "starter",
        }),
    };
    match service.kind.as_str() {
        "web_service" => {
            details["url"] = json!(format!("https://{}.onrender.com", service.name));
            details["healthCheckPath"] = json!("/healthz");
            details["openPorts"] = json!([{"port": 10000, "protocol": "TCP"}]);
        }
        "private_service" => {
            details["url"] = json!(format!("{}:10000", service.name));
            details["openPorts"] = json!([{"port": 10000, "protocol": "TCP"}]);
        }
        _ => {}
    }
    details
}
