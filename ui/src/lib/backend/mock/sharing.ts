/**
 * Theory of operation. What is public in the in-memory engine. A quick tunnel connects for `paceMs`, and then has a
 * URL that no other start had; a name of one's own is public at once. A name ends with its time, and a name of
 * Cloudflare's own with its service too.
 */
import type { Exposure, NodeState, RestartTunnel, Share, TunnelState, Unshare } from '../../rpc/rpc';
import { refuse } from './outcomes';
import type { Scenario } from './plans';
import type { MockWorld } from './world';

const WORDS = ['calm', 'river', 'amber', 'field', 'quiet', 'stone', 'early', 'maple', 'north', 'cloud'];

export class MockSharing {
  readonly #world: MockWorld;
  readonly #paceMs: number;
  #starts = 0;

  constructor(world: MockWorld, scenario: Scenario, paceMs: number) {
    this.#world = world;
    this.#paceMs = paceMs;
    if (scenario.tunnels) world.begin({ ...world.snapshot.engine, tunnels: scenario.tunnels });
  }

  share({ project, services, seconds }: Share): void {
    for (const name of services) {
      const node = this.#world.node(project, name);
      if (node.url === undefined)
        refuse('invalid_request', `${name} can't be shared: it has no port that takes connections`);
      if (node.wanted !== 'running')
        refuse(
          'invalid_request',
          `${name} is not shared: it does not run`,
          `Start it first: kinfra up ${name}`,
        );
      const ends_at = seconds === undefined ? undefined : Date.now() + seconds * 1_000;
      this.#set(project, name, (known) => {
        const declared = known.length > 0 ? known : [quickExposure(project, name)];
        return declared.map(({ ends_at: _old, ...exposure }) => ({
          ...exposure,
          ...(exposure.status === 'off' && begun(exposure)),
          ...(ends_at !== undefined && { ends_at }),
        }));
      });
      if (seconds !== undefined) setTimeout(() => this.#end(project, name, ends_at), seconds * 1_000);
      this.#connect(project, name);
    }
  }

  unshare({ project, services }: Unshare): void {
    for (const { slug, nodes } of this.#world.snapshot.projects) {
      if (project !== undefined && slug !== project) continue;
      for (const { name } of nodes)
        if (services.length === 0 || services.includes(name)) this.#close(slug, name, 'not shared');
    }
  }

  restart({ tunnel }: RestartTunnel): void {
    const found = this.#world.snapshot.engine.tunnels?.find(({ name }) => name === tunnel);
    if (!found)
      refuse('invalid_request', `no tunnel named ${tunnel} is to run`, 'kinfra tunnels lists them.');
    const reason = 'starting cloudflared';
    this.#tunnel({ ...found, status: 'connecting', reason, connections: 0 });
    for (const [slug, { name }] of this.#users(tunnel))
      this.#set(slug, name, (known) =>
        known.map((one) => (one.tunnel === tunnel ? { ...without(one), status: 'connecting', reason } : one)),
      );
    setTimeout(() => this.#connected(tunnel), this.#paceMs);
  }

  /** Loads cloudflared in two pieces; what waited for it is started. */
  async install(): Promise<void> {
    for (const done of [0, 16_800_000]) {
      const download = { done, whole: 42_000_000 };
      this.#world.change({ type: 'engine', engine: { ...this.#world.snapshot.engine, download } });
      await new Promise((resolve) => setTimeout(resolve, this.#paceMs));
    }
    const { download: _download, ...engine } = this.#world.snapshot.engine;
    this.#world.change({ type: 'engine', engine });
    const waiting = (engine.tunnels ?? []).filter(({ problem }) => problem?.code === 'connector_missing');
    for (const { name } of waiting) this.restart({ tunnel: name });
  }

  /** A tunnel fares otherwise: `down`, say. */
  fares(tunnel: string, status: TunnelState['status'], reason: string): void {
    const found = this.#world.snapshot.engine.tunnels?.find(({ name }) => name === tunnel);
    if (found) this.#tunnel({ ...found, status, reason, since: Date.now() });
    for (const [slug, { name }] of this.#users(tunnel))
      this.#set(slug, name, (known) =>
        known.map((one) => (one.tunnel === tunnel ? { ...one, status, reason } : one)),
      );
  }

  #connect(slug: string, service: string): void {
    const name = `quick-${slug}-${service}`;
    const exposure = this.#world.node(slug, service).exposures?.find(({ tunnel }) => tunnel === name);
    if (exposure?.status !== 'connecting') return;
    const reason = 'starting cloudflared';
    this.#tunnel({
      name,
      kind: 'quick',
      status: 'connecting',
      reason,
      since: Date.now(),
      hosts: [],
      connections: 0,
    });
    setTimeout(() => this.#connected(name), this.#paceMs);
  }

  #connected(name: string): void {
    const tunnel = this.#world.snapshot.engine.tunnels?.find((known) => known.name === name);
    if (tunnel?.status !== 'connecting') return;
    const host = tunnel.kind === 'quick' ? this.#host() : undefined;
    const connections = host ? 1 : 4;
    const reason = host ? '1 connection' : '4 connections';
    const healthy = { status: 'healthy' as const, reason };
    const { problem: _problem, ...rest } = tunnel;
    this.#tunnel({
      ...rest,
      ...healthy,
      connections,
      protocol: 'quic',
      pid: 6_000 + this.#starts,
      since: Date.now(),
      hosts: host ? [host] : tunnel.hosts,
    });
    for (const [slug, node] of this.#users(name))
      this.#set(slug, node.name, (known) =>
        known.map((one) =>
          one.tunnel === name ? { ...one, ...healthy, ...(host && { url: `https://${host}` }) } : one,
        ),
      );
  }

  #host(): string {
    const at = (this.#starts += 1) * 3;
    const words = [0, 1, 2].map((more) => WORDS[(at + more * 3) % WORDS.length]);
    return `${words.join('-')}.trycloudflare.com`;
  }

  /** Its time is over, unless it was shared for another time since. */
  #end(slug: string, name: string, endsAt: number | undefined): void {
    const project = this.#world.snapshot.projects.find((project) => project.slug === slug);
    const node = project?.nodes.find((node) => node.name === name);
    if (node?.exposures?.some(({ ends_at }) => ends_at === endsAt))
      this.#close(slug, name, 'its time is over');
  }

  #close(slug: string, name: string, reason: string): void {
    const known = this.#world.node(slug, name).exposures ?? [];
    if (known.length === 0) return;
    const closed = (exposure: Exposure): Exposure => {
      const { ends_at: _ends, tunnel: _tunnel, ...rest } = exposure;
      return { ...(exposure.kind === 'quick' ? without(rest) : rest), status: 'off', reason };
    };
    this.#set(slug, name, (known) =>
      known.filter((one) => isDeclared(this.#world, slug, name, one)).map(closed),
    );
    const left = new Set(
      this.#world.snapshot.projects.flatMap(({ nodes }) =>
        nodes.flatMap(({ exposures = [] }) => exposures.map(({ tunnel }) => tunnel)),
      ),
    );
    const { engine } = this.#world.snapshot;
    const tunnels = (engine.tunnels ?? []).filter((tunnel) => left.has(tunnel.name));
    this.#world.change({ type: 'engine', engine: { ...engine, tunnels } });
  }

  #users(tunnel: string): [string, NodeState][] {
    return this.#world.snapshot.projects.flatMap(({ slug, nodes }) =>
      nodes
        .filter(({ exposures = [] }) => exposures.some((exposure) => exposure.tunnel === tunnel))
        .map((node): [string, NodeState] => [slug, node]),
    );
  }

  #tunnel(tunnel: TunnelState): void {
    const { engine } = this.#world.snapshot;
    const others = (engine.tunnels ?? []).filter(({ name }) => name !== tunnel.name);
    const tunnels = [...others, tunnel].sort((a, b) => a.name.localeCompare(b.name));
    this.#world.change({ type: 'engine', engine: { ...engine, tunnels } });
  }

  #set(slug: string, name: string, change: (known: Exposure[]) => Exposure[]): void {
    const { public_url: _url, exposures: known = [], ...node } = this.#world.node(slug, name);
    this.#world.set(slug, withExposures(node, change(known)));
  }
}

/** The first of the open URLs is the one that is copied. */
function withExposures(node: NodeState, exposures: Exposure[]): NodeState {
  const url = exposures.find(({ url, status }) => url !== undefined && status !== 'off')?.url;
  return { ...node, exposures, ...(url !== undefined && { public_url: url }) };
}

function quickExposure(slug: string, service: string): Exposure {
  return { kind: 'quick', status: 'off', reason: 'not shared', tunnel: `quick-${slug}-${service}` };
}

function begun({ kind }: Exposure): Pick<Exposure, 'status' | 'reason' | 'tunnel'> {
  return kind === 'quick'
    ? { status: 'connecting', reason: 'starting a tunnel' }
    : { status: 'healthy', reason: '4 connections', tunnel: 'account-example' };
}

/** What its configuration says goes on to be shown when it is ended. */
function isDeclared(world: MockWorld, slug: string, name: string, { kind }: Exposure): boolean {
  return kind === 'named' || (world.plan(slug, name).exposures ?? []).some((one) => one.kind === 'quick');
}

function without({ url: _url, ...exposure }: Exposure): Exposure {
  return exposure;
}
