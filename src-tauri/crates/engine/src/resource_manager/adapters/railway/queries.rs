//! What Railway is asked, in its own language: each is a whole document, of names of its schema alone.

/// Of a project, what names are looked up in.
macro_rules! project {
    () => {
        "{ id name deletedAt primaryEnvironmentId environments { edges { node { id name } } } \
         services { edges { node { id name } } } }"
    };
}

macro_rules! deployment {
    () => {
        "{ id status createdAt deploymentStopped serviceId environmentId meta }"
    };
}

macro_rules! deployments {
    () => {
        concat!("deployments(input: $input, first: 20) { edges { node ", deployment!(), " } }")
    };
}

pub const PROJECT: &str = concat!("query Project($id: String!) { project(id: $id) ", project!(), " }");

pub const PROJECTS: &str = concat!(
    "query Projects($after: String) { projects(first: 100, after: $after) { edges { node ",
    project!(),
    " } pageInfo { hasNextPage endCursor } } }"
);

/// Of whose token is asked: one of a project knows that, and its environment.
pub const PROJECT_OF_TOKEN: &str =
    concat!("query ProjectOfToken { projectToken { environmentId project ", project!(), " } }");

pub const INSTANCE: &str = concat!(
    "query Instance($environment: String!, $service: String!) { serviceInstance(environmentId: $environment, \
     serviceId: $service) { serviceName latestDeployment ",
    deployment!(),
    " activeDeployments ",
    deployment!(),
    " domains { serviceDomains { domain } customDomains { domain } } } }"
);

pub const DEPLOYMENTS: &str =
    concat!("query Deployments($input: DeploymentListInput!) { ", deployments!(), " }");

/// Both in one, with who asks.
pub const DEPLOYMENTS_FOR_ACCOUNT: &str = concat!(
    "query DeploymentsForAccount($input: DeploymentListInput!) { apiToken { workspaces { name } } ",
    deployments!(),
    " }"
);

pub const DEPLOYMENTS_FOR_PROJECT: &str = concat!(
    "query DeploymentsForProject($input: DeploymentListInput!) { projectToken { project { name } environment { \
     name } } ",
    deployments!(),
    " }"
);

pub const DEPLOYMENT: &str =
    concat!("query Deployment($id: String!) { deployment(id: $id) ", deployment!(), " }");

pub const REDEPLOY: &str = "mutation Redeploy($id: String!) { deploymentRedeploy(id: $id) { id } }";
pub const RESTART: &str = "mutation Restart($id: String!) { deploymentRestart(id: $id) }";
pub const STOP: &str = "mutation Stop($id: String!) { deploymentStop(id: $id) }";
pub const CANCEL: &str = "mutation Cancel($id: String!) { deploymentCancel(id: $id) }";
