//! Of Railway's schema, what the stand-in serves. A test compares it with the whole one.

use std::sync::LazyLock;

use super::graphql::Types;

pub(super) static TYPES: LazyLock<Types> = LazyLock::new(|| Types::parse(SCHEMA));

pub const SCHEMA: &str = "
scalar DateTime
scalar DeploymentMeta

type Query {
  me: User!
  apiToken: ApiTokenContext!
  projectToken: ProjectToken!
  projects(after: String, before: String, first: Int, includeDeleted: Boolean, last: Int, userId: String, workspaceId: String): QueryProjectsConnection!
  project(id: String!): Project!
  environment(id: String!, projectId: String): Environment!
  service(id: String!): Service!
  serviceInstance(environmentId: String!, serviceId: String!): ServiceInstance!
  deployments(after: String, before: String, first: Int, input: DeploymentListInput!, last: Int): QueryDeploymentsConnection!
  deployment(id: String!): Deployment!
  domains(environmentId: String!, projectId: String!, serviceId: String!): AllDomains!
  buildLogs(deploymentId: String!, endDate: DateTime, filter: String, limit: Int, startDate: DateTime): [Log!]!
}

type Mutation {
  serviceInstanceDeploy(commitSha: String, environmentId: String!, latestCommit: Boolean, serviceId: String!): Boolean!
  serviceInstanceDeployV2(commitSha: String, environmentId: String!, serviceId: String!): String!
  serviceInstanceRedeploy(environmentId: String!, serviceId: String!): Boolean!
  deploymentRedeploy(id: String!, usePreviousImageTag: Boolean): Deployment!
  deploymentCancel(id: String!): Boolean!
  deploymentStop(id: String!): Boolean!
  deploymentRestart(id: String!): Boolean!
  deploymentRemove(id: String!): Boolean!
  deploymentRollback(id: String!): Boolean!
  deploymentApprove(id: String!): Boolean!
}

type User { id: ID! name: String email: String! username: String workspaces: [Workspace!]! }
type Workspace { id: ID! name: String! }
type ApiTokenContext { workspaces: [ApiTokenWorkspace!]! }
type ApiTokenWorkspace { id: String! name: String! }
type ProjectToken { id: ID! name: String! projectId: String! environmentId: String! project: Project! environment: Environment! }

type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
type QueryProjectsConnection { edges: [QueryProjectsConnectionEdge!]! pageInfo: PageInfo! }
type QueryProjectsConnectionEdge { cursor: String! node: Project! }
type QueryDeploymentsConnection { edges: [QueryDeploymentsConnectionEdge!]! pageInfo: PageInfo! }
type QueryDeploymentsConnectionEdge { cursor: String! node: Deployment! }

type Project {
  id: ID! name: String! description: String createdAt: DateTime! updatedAt: DateTime! deletedAt: DateTime
  workspaceId: String workspace: Workspace primaryEnvironmentId: String
  environments(after: String, before: String, first: Int, isEphemeral: Boolean, last: Int): ProjectEnvironmentsConnection!
  services(after: String, before: String, first: Int, last: Int): ProjectServicesConnection!
}
type ProjectEnvironmentsConnection { edges: [ProjectEnvironmentsConnectionEdge!]! pageInfo: PageInfo! }
type ProjectEnvironmentsConnectionEdge { cursor: String! node: Environment! }
type ProjectServicesConnection { edges: [ProjectServicesConnectionEdge!]! pageInfo: PageInfo! }
type ProjectServicesConnectionEdge { cursor: String! node: Service! }

type Environment {
  id: ID! name: String! projectId: String! createdAt: DateTime! updatedAt: DateTime! deletedAt: DateTime
  isEphemeral: Boolean! canAccess: Boolean!
  serviceInstances(after: String, before: String, first: Int, last: Int): EnvironmentServiceInstancesConnection!
}
type EnvironmentServiceInstancesConnection { edges: [EnvironmentServiceInstancesConnectionEdge!]! pageInfo: PageInfo! }
type EnvironmentServiceInstancesConnectionEdge { cursor: String! node: ServiceInstance! }

type Service { id: ID! name: String! projectId: String! createdAt: DateTime! updatedAt: DateTime! deletedAt: DateTime icon: String }
type ServiceInstance {
  id: ID! serviceId: String! serviceName: String! environmentId: String! createdAt: DateTime! updatedAt: DateTime! deletedAt: DateTime
  source: ServiceSource domains: AllDomains! latestDeployment: Deployment activeDeployments: [Deployment!]!
  sleepApplication: Boolean cronSchedule: String numReplicas: Int region: String
}
type ServiceSource { repo: String image: String }
type AllDomains { serviceDomains: [ServiceDomain!]! customDomains: [CustomDomain!]! }
type ServiceDomain { id: ID! domain: String! environmentId: String! serviceId: String! targetPort: Int suffix: String }
type CustomDomain { id: ID! domain: String! environmentId: String! serviceId: String! targetPort: Int }

type Deployment {
  id: ID! status: DeploymentStatus! createdAt: DateTime! updatedAt: DateTime! statusUpdatedAt: DateTime
  projectId: String! environmentId: String! serviceId: String snapshotId: String url: String staticUrl: String meta: DeploymentMeta
  canRedeploy: Boolean! canRollback: Boolean! deploymentStopped: Boolean! creator: DeploymentCreator
  instances: [DeploymentDeploymentInstance!]!
}
type DeploymentCreator { id: String! email: String! name: String }
type DeploymentDeploymentInstance { id: String! status: DeploymentInstanceStatus! }
type Log { message: String! severity: String timestamp: String! }

input DeploymentListInput { environmentId: String includeDeleted: Boolean projectId: String serviceId: String status: DeploymentStatusInput }
input DeploymentStatusInput { in: [DeploymentStatus!] notIn: [DeploymentStatus!] }

enum DeploymentStatus {
  BUILDING CRASHED DEPLOYING FAILED INITIALIZING NEEDS_APPROVAL QUEUED REMOVED REMOVING SKIPPED SLEEPING SUCCESS WAITING
}
enum DeploymentInstanceStatus { CRASHED CREATED EXITED INITIALIZING REMOVED REMOVING RESTARTING RUNNING SKIPPED STOPPED }
";
