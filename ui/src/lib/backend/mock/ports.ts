/**
 * The ports of the in-memory engine. Each claim is one record, and whoever is on a port without being of KInfra's
 * is another; what a claim's port is used for is worked out from both whenever it is asked.
 */
import type {
  AdoptPort,
  Finding,
  FreePort,
  MovePort,
  NodeState,
  PortClaim,
  PortHolder,
  PortList,
  PortRange,
  PortReport,
  PortUse,
  ProjectState,
  Protocol,
  ReservedPorts,
  ReservePorts,
} from '../../rpc/rpc';
import { described, found, refuse } from './outcomes';
import type { ProjectPlan, Scenario } from './plans';

type Claim = Omit<PortClaim, 'use' | 'holder'> & { adopted: boolean };
type Place = { port: number; protocol: Protocol };

const RANGE: PortRange = { first: 20_000, last: 28_999 };
const EPHEMERAL: PortRange = { first: 32_768, last: 60_999 };

export class MockPorts {
  #claims: Claim[] = [];
  #strangers = new Map<string, PortHolder>();
  #reserved: ReservedPorts[];

  constructor(scenario: Scenario) {
    this.#reserved = [...(scenario.reserved ?? [])];
    for (const plan of scenario.projects) this.add(plan);
  }

  add({ slug, services }: ProjectPlan): void {
    for (const { name: node, port, portName = 'http', listensOn, morePorts = [], ...rest } of services) {
      if (port === undefined) continue;
      const { holder, adopted = false } = rest;
      const common = { project: slug, node, replica: 0, origin: 'hash' as const };
      const main = { ...common, port, protocol: 'tcp' as const, name: portName, main: true, adopted };
      this.#claims.push(listensOn === undefined ? main : { ...main, listens_on: listensOn });
      for (const more of morePorts)
        this.#claims.push({ protocol: 'tcp', ...common, ...more, main: false, adopted: false });
      if (holder) this.#strangers.set(at(main), holder);
    }
  }

  remove(project: string): void {
    this.#claims = this.#claims.filter((claim) => claim.project !== project);
  }

  list(projects: ProjectState[], project?: string): PortList {
    const claims = this.#claims
      .filter((claim) => project === undefined || claim.project === project)
      .map((claim) => this.#shown(claim, projects))
      .sort((a, b) => a.port - b.port);
    return { claims, reserved: [...this.#reserved], range: RANGE, ephemeral: EPHEMERAL };
  }

  /** As `kinfra doctor` has it. */
  findings(): Finding[] {
    const at_risk = this.#claims.filter((claim) => contains(EPHEMERAL, claim.port));
    if (at_risk.length === 0) return [];
    const ports = at_risk.map((claim) => claim.port).join(',');
    const file = '/etc/sysctl.d/60-kinfra-ports.conf';
    return [
      {
        id: 'ports.ephemeral',
        level: 'note',
        title: `an outgoing connection may sit on ${at_risk.length} claimed ports when the service starts`,
        details: at_risk.map((claim) => `${claim.port} of ${claim.node} in ${claim.project}`),
        steps: [
          `echo 'net.ipv4.ip_local_reserved_ports = ${ports}' | sudo tee ${file}`,
          `sudo sysctl --load=${file}`,
        ],
        undo: [`sudo rm ${file}`, "sudo sysctl --write net.ipv4.ip_local_reserved_ports=''"],
      },
    ];
  }

  who(projects: ProjectState[], port: number): PortReport {
    const claims = this.list(projects).claims.filter((claim) => claim.port === port);
    const holders = claims.flatMap(({ protocol, holder }) => (holder ? [{ protocol, holder }] : []));
    const reserved = this.#reserved.find(({ range }) => contains(range, port));
    return { port, claims, holders, ...(reserved && { reserved }), ephemeral: contains(EPHEMERAL, port) };
  }

  /** What a node's state says of its port. */
  facts(project: string, node: string): Pick<NodeState, 'port' | 'listens_on' | 'adopted' | 'direct_url'> {
    const claim = this.#claims.find((one) => one.project === project && one.node === node && one.main);
    if (!claim) return { adopted: false };
    const { port } = now(claim);
    const { listens_on, adopted } = claim;
    const direct_url = `http://127.0.0.1:${listens_on ?? port}`;
    const speaksHttp = claim.name === 'http';
    return {
      port,
      ...(listens_on !== undefined && { listens_on }),
      adopted,
      ...(speaksHttp && { direct_url }),
    };
  }

  /** Who keeps a node from its ports. */
  strangerOf(project: string, node: string): PortHolder | undefined {
    return this.#claims
      .filter((claim) => claim.project === project && claim.node === node && !claim.adopted)
      .map((claim) => this.#strangers.get(at(now(claim))))
      .find((holder) => holder !== undefined);
  }

  move({ project, service, name, to, this_time }: MovePort): number {
    const claim = this.#named(project, service, name);
    const port = to ?? this.#choose(claim.protocol);
    if (to !== undefined) this.#check({ port, protocol: claim.protocol }, claim);
    delete claim.this_time;
    if (this_time) claim.this_time = port;
    else Object.assign(claim, { port, origin: to === undefined ? 'hash' : 'user', adopted: false });
    return port;
  }

  adopt({ project, service, name, port }: AdoptPort): number {
    const claim = this.#named(project, service, name);
    delete claim.this_time;
    Object.assign(claim, { port: port ?? claim.port, origin: 'adopted', adopted: true });
    return claim.port;
  }

  free({ port, protocol, pid, start_time }: FreePort): void {
    const holder = this.#strangers.get(at({ port, protocol }));
    if (holder?.pid !== pid || holder?.start_time !== start_time)
      refuse('invalid_request', `that process is not on port ${port} any more`);
    if (holder.user === 'root')
      refuse('io', `ending ${described(holder)}: not permitted`, `It is root's: sudo kill ${pid}`);
    this.#strangers.delete(at({ port, protocol }));
  }

  /** From its stop on a service has its own ports again. */
  endLeases(project: string, node: string): void {
    for (const claim of this.#claims)
      if (claim.project === project && claim.node === node) delete claim.this_time;
  }

  reserve({ range, reason }: ReservePorts): void {
    const other = this.#reserved.find(
      (one) => one.range.first <= range.last && range.first <= one.range.last,
    );
    if (other) refuse('invalid_request', `${other.range.first}-${other.range.last} is reserved already`);
    this.#reserved.push({ range, reason, from_settings: false });
    this.#reserved.sort((a, b) => a.range.first - b.range.first);
  }

  release({ first, last }: PortRange): void {
    this.#reserved = this.#reserved.filter(
      ({ range, from_settings }) => from_settings || range.first !== first || range.last !== last,
    );
  }

  #shown({ adopted, ...claim }: Claim, projects: ProjectState[]): PortClaim {
    const project = projects.find(({ slug }) => slug === claim.project);
    const node = project?.nodes.find(({ name }) => name === claim.node);
    const stranger = this.#strangers.get(at(now(claim)));
    const alive = ['starting', 'running', 'stopping'].includes(node?.phase ?? '');
    // A container whose image is fetched is not there yet.
    const runs = node !== undefined && alive && (!node.resource || node.phase !== 'starting');
    const use: PortUse = adopted ? 'adopted' : stranger ? 'taken' : runs ? 'in_use' : 'free';
    const holder = stranger ?? (runs && !adopted ? own(project!, node) : undefined);
    return { ...claim, use, ...(holder && { holder }) };
  }

  #named(project: string, service: string, name: string | undefined): Claim {
    const claim = this.#claims.find(
      (one) =>
        one.project === project &&
        one.node === service &&
        (name === undefined ? one.main : one.name === name),
    );
    return found(claim, 'unknown_service', service);
  }

  #choose(protocol: Protocol): number {
    for (let port = RANGE.first + 828; ; port += 1) if (this.#isFree({ port, protocol })) return port;
  }

  #isFree(place: Place): boolean {
    return (
      !this.#strangers.has(at(place)) &&
      !this.#claims.some((claim) => at(claim) === at(place)) &&
      !this.#reserved.some(({ range }) => contains(range, place.port))
    );
  }

  #check(place: Place, mine: Claim): void {
    const owner = this.#claims.find((claim) => claim !== mine && at(claim) === at(place));
    const name = `port ${place.port} of ${mine.node}`;
    if (owner) {
      const hint = 'Give it another one, or move that service first.';
      refuse('port_claimed', `${name} belongs to ${owner.node} of ${owner.project}`, hint);
    }
    const holder = this.#strangers.get(at(place));
    if (holder) refuse('port_taken', `${name} is taken by ${described(holder)}`);
  }
}

function own({ slug, folder }: ProjectState, { name, pid, started_at, resource }: NodeState): PortHolder {
  if (resource) return { user: 'root', container: `kinfra-${slug}-${name}`, project: slug, node: name };
  return {
    ...(pid !== undefined && { pid, start_time: String(pid * 101) }),
    ...(started_at !== undefined && { since: started_at }),
    user: 'ada',
    program: 'node',
    command: `node ${name}.js`,
    folder,
    project: slug,
    node: name,
  };
}

function now({ port, this_time, protocol }: Claim | Omit<Claim, 'adopted'>): Place {
  return { port: this_time ?? port, protocol };
}

function at({ port, protocol }: Place): string {
  return `${port}/${protocol}`;
}

function contains({ first, last }: PortRange, port: number): boolean {
  return first <= port && port <= last;
}
