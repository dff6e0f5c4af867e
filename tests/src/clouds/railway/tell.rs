//! All that there is to tell of a thing, and of what is within it. What is selected of it is taken from that.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::state::{Deployment, Environment, Project, Railway, Service};
use crate::clouds::shared::rfc3339;

pub(super) const USER: &str = "5b0d7c0e-ada0-4000-a000-000000000001";

impl Railway {
    pub(super) fn told_project(&self, project: &Project) -> Value {
        let workspace = self.workspaces.iter().find(|one| one.id == project.workspace);
        let services = self.services.iter().filter(|one| one.project == project.id).map(told_service);
        json!({
            "id": project.id, "name": project.name, "description": null, "createdAt": time(project.created),
            "updatedAt": time(project.created), "deletedAt": project.deleted.map(time),
            "workspaceId": project.workspace, "workspace": workspace.map(|one| json!({"id": one.id, "name": one.name})),
            "primaryEnvironmentId": project.environments.first().map(|one| &one.id),
            "environments": all(project.environments.iter().map(|one| self.told_environment(project, one)).collect()),
            "services": all(services.collect()),
        })
    }

    pub(super) fn told_environment(&self, project: &Project, environment: &Environment) -> Value {
        let services = self.services.iter().filter(|one| one.project == project.id);
        json!({
            "id": environment.id, "name": environment.name, "projectId": project.id, "createdAt": time(project.created),
            "updatedAt": time(project.created), "deletedAt": null, "isEphemeral": false, "canAccess": true,
            "serviceInstances": all(services.map(|one| self.told_instance(one, &environment.id)).collect()),
        })
    }

    pub(super) fn told_instance(&self, service: &Service, environment: &str) -> Value {
        let latest = self.latest(&service.id, environment);
        let is_active = |one: &&Deployment| {
            one.service == service.id
                && one.environment == environment
                && one.course.at(self.now) == "SUCCESS"
        };
        json!({
            "id": format!("{}-{}", &service.id[..8], &environment[..8]), "serviceId": service.id,
            "serviceName": service.name, "environmentId": environment, "createdAt": time(service.created),
            "updatedAt": time(service.created), "deletedAt": null, "source": {"repo": service.repo, "image": null},
            "domains": told_domains(service, environment), "sleepApplication": false, "cronSchedule": null,
            "numReplicas": 1, "region": "europe-west4", "latestDeployment": latest.map(|one| self.told_deployment(one)),
            "activeDeployments":
                self.deployments.iter().filter(is_active).map(|one| self.told_deployment(one)).collect::<Vec<_>>(),
        })
    }

    pub(super) fn told_deployment(&self, one: &Deployment) -> Value {
        let (status, service) = (one.course.at(self.now), self.service(&one.service));
        let domain = service.and_then(|service| service.domain.as_ref());
        let is_running = one.run.at(self.now) == "running";
        // Three of them are easily misread: what starts and what sleeps is called stopped, too.
        let (is_stopped, instance) = match status {
            "DEPLOYING" => (true, Some("CREATED")),
            "SUCCESS" => (!is_running, Some(if is_running { "RUNNING" } else { "EXITED" })),
            "SLEEPING" => (true, Some("RUNNING")),
            "CRASHED" => (true, Some("CRASHED")),
            "REMOVING" => (false, Some("REMOVING")),
            _ => (true, None),
        };
        let instances: Vec<Value> = instance
            .iter()
            .map(|status| json!({"id": format!("{}-1", &one.id[..8]), "status": status}))
            .collect();
        json!({
            "id": one.id, "status": status, "createdAt": time(one.course.began()),
            "updatedAt": time(one.course.changed(self.now)), "statusUpdatedAt": time(one.course.changed(self.now)),
            "projectId": service.map(|service| &service.project), "environmentId": one.environment,
            "serviceId": one.service, "snapshotId": null, "url": domain, "staticUrl": domain,
            "meta": {
                "commitHash": one.commit, "commitMessage": "Sell more", "branch": "main", "reason": one.reason,
                "repo": service.and_then(|service| service.repo.as_ref()),
            },
            "canRedeploy": !super::state::IN_PROGRESS.contains(&status),
            "canRollback": matches!(status, "SUCCESS" | "REMOVED"), "deploymentStopped": is_stopped,
            "creator": {"id": USER, "email": "ada@example.com", "name": "Ada"}, "instances": instances,
        })
    }
}

pub(super) fn told_service(service: &Service) -> Value {
    json!({
        "id": service.id, "name": service.name, "projectId": service.project, "createdAt": time(service.created),
        "updatedAt": time(service.created), "deletedAt": null, "icon": null,
    })
}

pub(super) fn told_domains(service: &Service, environment: &str) -> Value {
    let domain = |name: &String| {
        json!({
            "id": format!("{}-d", &service.id[..8]), "domain": name, "environmentId": environment,
            "serviceId": service.id, "targetPort": 8080, "suffix": "up.railway.app",
        })
    };
    json!({"serviceDomains": service.domain.iter().map(domain).collect::<Vec<_>>(), "customDomains": []})
}

/// A connection of all there is.
fn all(nodes: Vec<Value>) -> Value {
    let edges: Vec<Value> =
        nodes.into_iter().map(|node| json!({"cursor": node["id"], "node": node})).collect();
    let info = json!({
        "hasNextPage": false, "hasPreviousPage": false, "startCursor": edges.first().map(|edge| &edge["cursor"]),
        "endCursor": edges.last().map(|edge| &edge["cursor"]),
    });
    json!({"edges": edges, "pageInfo": info})
}

pub(super) fn time(time: SystemTime) -> String {
    rfc3339(time)
}
