import type {
  AccountInfo,
  Condition,
  Exposure,
  Finding,
  Inspection,
  KeyringState,
  Maintenance,
  MigrationPlan,
  NodeKind,
  NodeState,
  PortHolder,
  Problem,
  ProjectState,
  Protocol,
  ProxyState,
  ReservedPorts,
  ResourceInfo,
  RouteState,
  ServiceChange,
  TunnelPlans,
  TunnelState,
} from '../../rpc/rpc';

/** What becomes of a service of the in-memory engine when it is started. */
export type Fate =
  | 'healthy'
  | 'unhealthy'
  | 'crashes'
  | 'command_missing'
  | 'never_ready'
  | 'port_claimed'
  | 'waits'
  | 'retries'
  | 'completes'
  | 'fetches'
  | 'unreachable'
  | 'paused'
  | 'paused_by_vendor';

/** What a cloud that runs a resource says of it. */
export interface CloudPlan {
  seen: Inspection;
  /** What has to be confirmed before it is paused. */
  pauseQuestion?: string;
  /** Without it, at once. */
  answers?: 'slowly' | 'not' | 'refusing';
}

export interface ServicePlan {
  name: string;
  kind?: NodeKind;
  /** What it is, of a resource. */
  resource?: ResourceInfo;
  /** Of a resource that a cloud runs. */
  cloud?: CloudPlan;
  /** A start of the whole project leaves it out. */
  optional?: boolean;
  dependsOn?: string[];
  /** What it waits for of a dependency where that isn't its health. */
  conditions?: Record<string, Condition>;
  /** None for a service that listens nowhere. */
  port?: number;
  /** Without one `http`: of a resource only that is behind the proxy. */
  portName?: string;
  fate?: Fate;
  /** The path of the project's own URL that leads to it. */
  route?: string;
  /** Host names of its own. */
  domains?: string[];
  /** Where visitors from outside reach it. */
  published?: RouteState[];
  /** What of it is public when the scenario begins. Without it, what is published has no tunnel of KInfra's. */
  exposures?: Exposure[];
  /** Its visitors are shown a page instead of it. */
  maintenance?: Omit<Maintenance, 'since'>;
  /** What it has beside the port that it finds in `PORT`. */
  morePorts?: { name: string; port: number; protocol?: Protocol }[];
  /** Where it listens in spite of its port. */
  listensOn?: number;
  /** What runs on its port and is not its own. */
  holder?: PortHolder;
  /** Whether that was left there, as the service itself. */
  adopted?: boolean;
}

export interface ProjectPlan {
  slug: string;
  name?: string;
  folder: string;
  services: ServicePlan[];
  groups?: Record<string, string[]>;
  profiles?: Record<string, string[]>;
  /** Whether its stack has been running for a while when the scenario begins. */
  running?: boolean;
  problems?: Problem[];
  /** What its configuration says that isn't in effect. */
  changes?: ServiceChange[];
  /** Why applying that is taken back. */
  rolledBack?: Problem[];
}

/** A secret that services use, or that is just in the keyring. */
export interface SecretPlan {
  name: string;
  /** As `project/service`. */
  usedBy?: string[];
  stored?: boolean;
  /** What the configuration declares. */
  source?: string;
  /** Whether KInfra's own environment has it. */
  environment?: boolean;
}

export interface Scenario {
  proxy: ProxyState;
  projects: ProjectPlan[];
  reserved?: ReservedPorts[];
  secrets?: SecretPlan[];
  keyring?: KeyringState;
  /** What is wrong with KInfra itself. */
  problems?: Problem[];
  /** How many requests the proxy has answered when it begins. */
  answered?: number;
  /** What the doctor says of names. */
  names?: Finding[];
  tunnels?: TunnelState[];
  accounts?: AccountInfo[];
  /** What is there, should be there, and is left over. */
  atCloudflare?: TunnelPlans;
  /** What KInfra 1.0 left. */
  left?: MigrationPlan;
}

export const MOCK_PROXY_PORT = 7080;

/** A node as it is before anything was started. */
export function stoppedNode(project: ProjectPlan, service: ServicePlan): NodeState {
  const node: NodeState = {
    name: service.name,
    kind: service.kind ?? (service.resource ? 'resource' : 'service'),
    wanted: 'stopped',
    phase: 'stopped',
    health: 'unknown',
    detail: 'stopped',
    adopted: false,
    restarts: 0,
    depends_on: service.dependsOn ?? [],
    ...(service.resource && { resource: service.resource }),
    ...(service.conditions && { conditions: service.conditions }),
    waits_for: [],
    last_lines: [],
    optional: service.optional ?? false,
    changed: false,
  };
  if (service.port === undefined) return node;
  if (service.resource && service.portName !== undefined) return { ...node, port: service.port };
  const whole = (host: string) => ({ host, path: '/' });
  const host = `${project.slug}.localhost`;
  const path = service.route === undefined ? [] : [{ host, path: service.route }];
  return {
    ...node,
    ...(service.published && { published: service.published }),
    ...exposed(service),
    routes: [whole(`${service.name}.${host}`), ...path, ...(service.domains ?? []).map(whole)],
    port: service.port,
    url: `http://${service.name}.${project.slug}.localhost:${MOCK_PROXY_PORT}`,
    direct_url: `http://127.0.0.1:${service.port}`,
  };
}

function exposed({ exposures, published = [] }: ServicePlan): Pick<NodeState, 'exposures' | 'public_url'> {
  const reason = 'no Cloudflare account has this name';
  const elsewhere = published.map(({ host, path }): Exposure => {
    return { kind: 'named', url: `https://${host}${path === '/' ? '' : path}`, status: 'off', reason };
  });
  const all = exposures ?? elsewhere;
  const url = all.find(({ url, status }) => url !== undefined && status !== 'off')?.url;
  return { ...(all.length > 0 && { exposures: all }), ...(url !== undefined && { public_url: url }) };
}

export function stoppedProject(plan: ProjectPlan): ProjectState {
  return {
    slug: plan.slug,
    name: plan.name ?? plan.slug,
    folder: plan.folder,
    nodes: plan.services.map((service) => stoppedNode(plan, service)),
    groups: plan.groups ?? {},
    ...(plan.profiles && { profiles: plan.profiles }),
    changes: plan.changes ?? [],
    applying: false,
    problems: plan.problems ?? [],
  };
}
