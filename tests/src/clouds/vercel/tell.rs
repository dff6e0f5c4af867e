//! How things look on the wire. A list calls a deployment's id `uid`, everything else calls it `id`.

use serde_json::{Value, json};

use super::state::{Deployment, Project, USER, Vercel};
use crate::clouds::course::milliseconds;

impl Vercel {
    pub(super) fn told_user(&self, is_limited: bool) -> Value {
        let mut user = json!({
            "id": USER, "email": "ada@example.com", "name": "Ada", "username": "ada", "avatar": null,
            "defaultTeamId": self.teams.first().map(|team| &team.id),
        });
        if is_limited {
            user["limited"] = json!(true);
        } else {
            user["limited"] = json!(false);
            user["resourceConfig"] = json!({});
            user["billing"] = json!(null);
            user["softBlock"] = json!(null);
            user["hasTrialAvailable"] = json!(false);
            user["stagingPrefix"] = json!("ada");
            user["createdAt"] = json!(milliseconds(self.now));
        }
        json!({"user": user})
    }

    pub(super) fn told_project(&self, project: &Project) -> Value {
        let production = project.production.as_ref().and_then(|(_, id)| self.deployment(id));
        let mut told = json!({
            "id": project.id, "name": project.name, "accountId": project.owner, "framework": null,
            "createdAt": milliseconds(project.created), "updatedAt": milliseconds(project.created),
            "alias": [], "deploymentExpiration": {}, "nodeVersion": "22.x", "directoryListing": false,
            "resourceConfig": {"functionDefaultRegions": ["iad1"]}, "defaultResourceConfig": {"functionDefaultRegions": ["iad1"]},
            "serverlessFunctionRegion": "iad1", "live": false, "paused": project.is_paused,
            "latestDeployments": self.deployments.iter().rev().filter(|one| one.project == project.id).take(1)
                .map(|one| self.told_within(project, one)).collect::<Vec<_>>(),
            "targets": {"production": production.map(|one| self.told_within(project, one))},
        });
        if let Some(git) = &project.git {
            told["link"] = json!({
                "type": "github", "org": git.org, "repo": git.repo, "repoId": git.repo_id, "repoOwnerId": 815,
                "productionBranch": git.production_branch, "gitCredentialId": "cred_1", "deployHooks": [],
                "sourceless": false, "createdAt": milliseconds(project.created),
            });
        }
        if let Some(promotion) = &project.promotion {
            told["lastAliasRequest"] = json!({
                "fromDeploymentId": promotion.from, "toDeploymentId": promotion.to, "type": "promote",
                "jobStatus": promotion.course.at(self.now), "requestedAt": milliseconds(promotion.course.began()),
            });
        }
        told
    }

    /// Of a deployment, what a project tells.
    fn told_within(&self, project: &Project, one: &Deployment) -> Value {
        let mut told = json!({
            "id": one.id, "name": project.name, "url": self.address(project, one), "alias": self.domains(project, one),
            "deploymentHostname": self.address(project, one), "createdAt": milliseconds(one.course.began()),
            "createdIn": "iad1", "creator": creator(), "meta": meta(one), "plan": "pro", "private": true,
            "readyState": one.course.at(self.now), "target": one.target, "type": "LAMBDAS",
        });
        self.add_moments(&mut told, one);
        told
    }

    pub(super) fn told_in_list(&self, project: &Project, one: &Deployment) -> Value {
        let mut told = json!({
            "uid": one.id, "name": project.name, "projectId": project.id, "url": self.address(project, one),
            "created": milliseconds(one.course.began()), "createdAt": milliseconds(one.course.began()),
            "source": one.source, "state": one.course.at(self.now), "readyState": one.course.at(self.now),
            "type": "LAMBDAS", "creator": creator(), "target": one.target, "meta": meta(one),
            "inspectorUrl": self.inspector(project, one), "aliasError": null, "isRollbackCandidate": one.was_production,
            "aliasAssigned": one.course.since("READY", self.now).map(milliseconds),
        });
        self.add_moments(&mut told, one);
        told
    }

    pub(super) fn told_deployment(&self, project: &Project, one: &Deployment) -> Value {
        let state = one.course.at(self.now);
        let mut told = json!({
            "id": one.id, "name": project.name, "projectId": project.id, "ownerId": project.owner,
            "url": self.address(project, one), "alias": self.domains(project, one), "aliasError": null,
            "aliasAssigned": state == "READY", "bootedAt": milliseconds(one.course.began()), "build": {"env": []},
            "buildSkipped": false, "createdAt": milliseconds(one.course.began()), "createdIn": "iad1",
            "creator": {"uid": USER, "username": "ada"}, "env": [], "inspectorUrl": self.inspector(project, one),
            "isInConcurrentBuildsQueue": state == "QUEUED", "isInSystemBuildsQueue": false, "meta": meta(one),
            "plan": "pro", "projectSettings": {}, "public": false, "readyState": state, "regions": ["iad1"],
            "routes": null, "source": one.source, "status": state, "target": one.target, "type": "LAMBDAS",
            "version": 2,
        });
        if let (Some(link), Some((reference, sha))) = (&project.git, &one.git) {
            told["gitSource"] =
                json!({"type": "github", "repoId": link.repo_id, "ref": reference, "sha": sha, "prId": null});
        }
        self.add_moments(&mut told, one);
        told
    }

    /// When it began to be built, and how that ended.
    fn add_moments(&self, told: &mut Value, one: &Deployment) {
        let since = |stage: &str| one.course.since(stage, self.now).map(milliseconds);
        // A deployment by the API has it from the start, which nothing may be concluded from.
        told["buildingAt"] = json!(since("BUILDING").unwrap_or(milliseconds(one.course.began())));
        if let Some(ready) = since("READY") {
            told["ready"] = json!(ready);
            told["readySubstate"] = json!(if one.was_production { "PROMOTED" } else { "STAGED" });
        }
        if let Some(canceled) = since("CANCELED") {
            told["canceledAt"] = json!(canceled);
        }
        if let (Some(_), Some((code, message))) = (since("ERROR"), &one.error) {
            told["errorCode"] = json!(code);
            told["errorMessage"] = json!(message);
        }
    }

    fn address(&self, project: &Project, one: &Deployment) -> String {
        format!("{}-{}-{}.vercel.app", project.name, &one.id[4..13], self.slug(&project.owner))
    }

    fn domains(&self, project: &Project, one: &Deployment) -> Vec<String> {
        if project.has_domains(&one.id) { vec![format!("{}.vercel.app", project.name)] } else { Vec::new() }
    }

    fn inspector(&self, project: &Project, one: &Deployment) -> String {
        format!("https://vercel.com/{}/{}/{}", self.slug(&project.owner), project.name, &one.id[4..])
    }
}

fn creator() -> Value {
    json!({"uid": USER, "email": "ada@example.com", "username": "ada"})
}

fn meta(one: &Deployment) -> Value {
    Value::Object(one.meta.iter().map(|(name, value)| (name.clone(), json!(value))).collect())
}
