use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::errors;
use super::state::{Deployment, Environment, Project, Railway, Service};
use super::tell::{USER, told_domains, told_service};
use crate::clouds::shared::{Asked, Refusal};

pub(super) type Arguments = Map<String, Value>;

pub(super) fn text<'a>(arguments: &'a Arguments, name: &str) -> &'a str {
    arguments.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl Railway {
    /// All that a field of the root tells.
    pub(super) fn query(
        &self,
        name: &str,
        arguments: &Arguments,
        asked: &Asked<'_>,
    ) -> Result<Value, Refusal> {
        let text = |name: &str| text(arguments, name);
        match name {
            // It is about a person, so it needs a person's token.
            "me" if asked.token.kind.is_empty() => Ok(json!({
                "id": USER, "name": "Ada", "email": "ada@example.com", "username": "ada",
                "workspaces": self.workspaces.iter().map(|one| json!({"id": one.id, "name": one.name})).collect::<Vec<_>>(),
            })),
            "apiToken" if asked.token.kind != "project" => {
                let reached = self.workspaces.iter().filter(|one| asked.token.does_reach(&one.id));
                let workspaces: Vec<Value> =
                    reached.map(|one| json!({"id": one.id, "name": one.name})).collect();
                Ok(json!({"workspaces": workspaces}))
            }
            "projectToken" => self.project_token(asked),
            "projects" if asked.token.kind != "project" => self.projects(arguments, asked),
            "project" => Ok(self.told_project(self.project(text("id"), asked)?)),
            "environment" => {
                let (project, environment) = self.environment(text("id"), asked)?;
                Ok(self.told_environment(project, environment))
            }
            "service" => Ok(told_service(self.reached(text("id"), asked)?)),
            "serviceInstance" => {
                let service = self.instance(arguments, asked)?;
                Ok(self.told_instance(service, text("environmentId")))
            }
            "domains" => Ok(told_domains(self.instance(arguments, asked)?, text("environmentId"))),
            "deployments" => self.list_deployments(arguments, asked),
            "deployment" => Ok(self.told_deployment(self.found(text("id"), asked)?)),
            "buildLogs" => {
                let one = self.found(text("deploymentId"), asked)?;
                let message = format!("building {}", one.commit);
                Ok(
                    json!([{"message": message, "severity": "info", "timestamp": super::tell::time(one.course.began())}]),
                )
            }
            _ => Err(errors::denied()),
        }
    }

    fn project_token(&self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let reached = |environment: &&Environment| {
            asked.token.kind == "project" && asked.token.does_reach(&environment.id)
        };
        let of = |project: &'_ Project| project.environments.iter().find(reached).map(|one| one.id.clone());
        let found = self.projects.iter().find_map(|project| Some((project, of(project)?)));
        let (project, id) = found.ok_or_else(|| errors::missing("Project Token"))?;
        let environment = project.environments.iter().find(|one| one.id == id);
        Ok(json!({
            "id": format!("token-{}", &id[..8]), "name": "kinfra", "projectId": project.id, "environmentId": id,
            "project": self.told_project(project),
            "environment": environment.map(|one| self.told_environment(project, one)),
        }))
    }

    fn projects(&self, arguments: &Arguments, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let workspace = text(arguments, "workspaceId");
        if !workspace.is_empty() && !asked.token.does_reach(workspace) {
            return Err(errors::denied());
        }
        let is_wanted = |one: &&Project| {
            asked.token.does_reach(&one.workspace) && (workspace.is_empty() || one.workspace == workspace)
        };
        let nodes = self.projects.iter().filter(is_wanted).map(|one| self.told_project(one)).collect();
        page(nodes, arguments)
    }

    /// The newest first.
    fn list_deployments(&self, arguments: &Arguments, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let input = arguments.get("input").and_then(Value::as_object).cloned().unwrap_or_default();
        let wanted = |name: &str| input.get(name).and_then(Value::as_str);
        let (project, environment, service) =
            (wanted("projectId"), wanted("environmentId"), wanted("serviceId"));
        match (project, environment, service) {
            (Some(id), ..) => drop(self.project(id, asked)?),
            (_, Some(id), _) => drop(self.environment(id, asked)?),
            (_, _, Some(id)) => drop(self.reached(id, asked)?),
            (None, None, None) => return Err(errors::denied()),
        }
        let among = |list: &str, status: &str| {
            let listed = input.get("status").and_then(|input| input[list].as_array());
            listed.map(|listed| listed.iter().any(|one| one == status))
        };
        let is_wanted = |one: &&Deployment| {
            let status = one.course.at(self.now);
            self.found(&one.id, asked).is_ok()
                && project
                    .is_none_or(|id| self.service(&one.service).is_some_and(|service| service.project == id))
                && environment.is_none_or(|id| one.environment == id)
                && service.is_none_or(|id| one.service == id)
                && among("in", status).unwrap_or(true)
                && !among("notIn", status).unwrap_or(false)
        };
        let nodes =
            self.deployments.iter().rev().filter(is_wanted).map(|one| self.told_deployment(one)).collect();
        page(nodes, arguments)
    }

    /// What a token may not see is not told from what is not there.
    pub(super) fn project(&self, id: &str, asked: &Asked<'_>) -> Result<&Project, Refusal> {
        let is_reached = |one: &&Project| match asked.token.kind.as_str() {
            "project" => one.environments.iter().any(|environment| asked.token.does_reach(&environment.id)),
            _ => asked.token.does_reach(&one.workspace),
        };
        self.projects.iter().filter(|one| one.id == id).find(is_reached).ok_or_else(errors::denied)
    }

    pub(super) fn environment(
        &self,
        id: &str,
        asked: &Asked<'_>,
    ) -> Result<(&Project, &Environment), Refusal> {
        let of = |project| Some((project, Project::environment(project, id)?));
        let (project, environment) = self.projects.iter().find_map(of).ok_or_else(errors::denied)?;
        self.project(&project.id, asked)?;
        let is_of_it = asked.token.kind != "project" || asked.token.does_reach(id);
        if is_of_it { Ok((project, environment)) } else { Err(errors::denied()) }
    }

    pub(super) fn reached(&self, id: &str, asked: &Asked<'_>) -> Result<&Service, Refusal> {
        let service = self.services.iter().find(|one| one.id == id).ok_or_else(errors::denied)?;
        self.project(&service.project, asked)?;
        Ok(service)
    }

    pub(super) fn instance(&self, arguments: &Arguments, asked: &Asked<'_>) -> Result<&Service, Refusal> {
        let service = self.reached(text(arguments, "serviceId"), asked)?;
        let (project, _) = self.environment(text(arguments, "environmentId"), asked)?;
        if project.id == service.project { Ok(service) } else { Err(errors::missing("ServiceInstance")) }
    }

    pub(super) fn found(&self, id: &str, asked: &Asked<'_>) -> Result<&Deployment, Refusal> {
        let one = self.deployment(id).ok_or_else(|| errors::missing("Deployment"))?;
        self.environment(&one.environment, asked)?;
        Ok(one)
    }
}

impl Project {
    fn environment(&self, id: &str) -> Option<&Environment> {
        self.environments.iter().find(|one| one.id == id)
    }
}

/// `first` of them `after` one.
fn page(nodes: Vec<Value>, arguments: &Arguments) -> Result<Value, Refusal> {
    let cursor = |node: &Value| STANDARD.encode(node["id"].as_str().unwrap_or_default());
    let begin = match text(arguments, "after") {
        "" => 0,
        after => {
            let place = nodes.iter().position(|node| cursor(node) == after);
            place.ok_or_else(|| errors::bad("Invalid cursor"))? + 1
        }
    };
    let first = arguments.get("first").and_then(Value::as_u64).and_then(|first| usize::try_from(first).ok());
    let left = nodes.len() - begin;
    let edges: Vec<Value> = nodes
        .into_iter()
        .skip(begin)
        .take(first.unwrap_or(usize::MAX))
        .map(|node| json!({"cursor": cursor(&node), "node": node}))
        .collect();
    let info = json!({
        "hasNextPage": left > edges.len(), "hasPreviousPage": begin > 0,
        "startCursor": edges.first().map(|edge| &edge["cursor"]), "endCursor": edges.last().map(|edge| &edge["cursor"]),
    });
    Ok(json!({"edges": edges, "pageInfo": info}))
}
