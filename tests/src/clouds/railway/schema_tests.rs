use std::fs::read_to_string;

use serde_json::{Value, json};

use super::{Railway, SCHEMA};
use crate::clouds::FakeCloud;
use crate::tools::{Tool, devservers, have, node};

/// What Railway's own CLI asks, by the files that it has the documents in.
const OF_CLI: [(&str, &[&str]); 15] = [
    ("queries/strings/UserMeta", &[]),
    ("queries/strings/Projects", &[]),
    ("queries/strings/Deployments", &["input"]),
    ("queries/strings/LatestDeployment", &["environmentId", "serviceId"]),
    ("queries/strings/DeploymentStatus", &["id"]),
    ("queries/strings/ServiceInstance", &["environmentId", "serviceId"]),
    ("mutations/strings/ServiceInstanceDeploy", &["environmentId", "serviceId"]),
    ("mutations/strings/ServiceInstanceDeployLatestCommit", &["environmentId", "serviceId"]),
    ("mutations/strings/DeploymentRestart", &["id"]),
    ("mutations/strings/DeploymentRedeploy", &["id"]),
    ("mutations/strings/DeploymentRemove", &["id"]),
    ("", &[]),
    ("", &["id"]),
    ("", &["input"]),
    ("", &["id"]),
];

/// And more, of all that the stand-in tells.
const OF_OURS: [&str; 4] = [
    "{ me { id email workspaces { id name } } apiToken { workspaces { id name } }
       projects(first: 1) { edges { cursor node { id name workspaceId deletedAt primaryEnvironmentId workspace { id name }
         environments { edges { node { id name canAccess isEphemeral serviceInstances { edges { node {
           id serviceId serviceName environmentId source { repo image } domains { serviceDomains { id domain targetPort }
           customDomains { domain } } numReplicas region latestDeployment { id status } activeDeployments { id } } } } } } }
         services { edges { node { id name projectId createdAt } } } } } pageInfo { hasNextPage endCursor } } }",
    "query ($id: String!) { deployment(id: $id) { __typename id status createdAt updatedAt statusUpdatedAt projectId
       environmentId serviceId url staticUrl meta canRedeploy canRollback deploymentStopped creator { id email name }
       instances { id status } } buildLogs(deploymentId: $id) { message severity timestamp } }",
    "query ($input: DeploymentListInput!) { deployments(input: $input, first: 2) { edges { cursor node { id status } }
       pageInfo { startCursor hasPreviousPage } } }",
    "mutation ($id: String!) { deploymentRollback(id: $id) }",
];

#[test]
fn what_it_serves_and_answers_is_what_the_official_schema_allows() {
    let test = "what_it_serves_and_answers_is_what_the_official_schema_allows";
    if !have(test, &[Tool::Node, Tool::CloudPackages, Tool::RailwaySchema]) {
        return;
    }
    let folder = devservers().join("railway");
    let mut ours = OF_OURS.iter();
    let mut asked = Vec::new();
    for (file, names) in OF_CLI {
        let cloud = FakeCloud::<Railway>::start();
        let query = match file {
            "" => (*ours.next().unwrap()).to_owned(),
            file => read_to_string(folder.join(format!("{file}.graphql"))).unwrap(),
        };
        let variables = variables(&cloud, names);
        let reply = cloud.ask("POST", "", &json!({"query": query, "variables": variables}));
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        let data = reply.value()["data"].take();
        assert!(data.is_object(), "{query}: {}", reply.body);
        asked.push(json!({"name": query, "query": query, "variables": variables, "data": data}));
    }
    let options = json!({"schema": folder.join("schema.json"), "subset": SCHEMA, "asked": asked});
    let found = node("clouds/compare_railway.cjs", &options);
    assert_eq!((&found["faults"], &found["asked"]), (&json!([]), &json!(OF_CLI.len())));
}

fn variables(cloud: &FakeCloud<Railway>, names: &[&str]) -> Value {
    let state = cloud.state();
    let project = &state.vendor.projects[0];
    let (environment, service) = (&project.environments[0].id, &state.vendor.service("web").unwrap().id);
    let value = |name: &str| match name {
        "environmentId" => json!(environment),
        "serviceId" => json!(service),
        "input" => json!({"projectId": project.id, "environmentId": environment, "serviceId": service}),
        _ => json!(state.vendor.latest(service, environment).unwrap().id),
    };
    Value::Object(names.iter().map(|name| ((*name).to_owned(), value(name))).collect())
}
