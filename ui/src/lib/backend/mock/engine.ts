/**
 * A small engine in memory, for working on the window without an app and for its tests. What it knows is `MockWorld`,
 * what its services do is `MockStacks`; here is which command asks what of them.
 */
import type { Failure, Finding, Problem, ProjectState, Snapshot, TunnelStatus, Update } from '../../rpc/rpc';
import type { Backend, Command, Params, RequestOf, Response, Unsubscribe } from '../backend';
import { MockCloudflare } from './cloudflare';
import { MockClouds } from './clouds';
import { environmentOf } from './environment';
import { answer, beRunning, chatter as printOn } from './history';
import { MockLogs } from './logs';
import { MockMigration } from './migration';
import { refuse } from './outcomes';
import type { ProjectPlan, Scenario } from './plans';
import { MockSecrets } from './secrets';
import { MockSettings } from './settings';
import { MockSharing } from './sharing';
import { isAlive, MockStacks } from './stacks';
import { usageOf } from './timeline';
import type { MockTraffic } from './traffic';
import { MockWorld, PID, VERSION } from './world';

export interface MockOptions {
  /** How long a service takes to start, in milliseconds. */
  paceMs?: number;
  /** How much those that run already have printed, in lines. */
  printed?: number;
  /** Whether running services print by themselves. */
  chatter?: boolean;
  /** What the app has to say. */
  notice?: string | null;
}

type Handlers = { [C in Command]: (params: Params<C>) => Response<C> | Promise<Response<C>> };

export class MockEngine implements Backend {
  /** All requests so far, for tests. */
  readonly requests: RequestOf<Command>[] = [];
  readonly opened: string[] = [];
  readonly copied: string[] = [];
  readonly logs = new MockLogs();
  /** What the doctor says of names. */
  names: Finding[];
  readonly secrets: MockSecrets;
  readonly cloudflare: MockCloudflare;
  readonly clouds: MockClouds;
  readonly #world: MockWorld;
  readonly #stacks: MockStacks;
  readonly #settings: MockSettings;
  readonly #sharing: MockSharing;
  readonly #migration: MockMigration;
  readonly #paceMs: number;
  readonly #notice: string | null;

  constructor(
    scenario: Scenario,
    { paceMs = 1_500, printed = 400, chatter = false, notice = null }: MockOptions = {},
  ) {
    this.#paceMs = paceMs;
    this.#notice = notice;
    this.names = scenario.names ?? [];
    this.secrets = new MockSecrets(scenario);
    this.cloudflare = new MockCloudflare(scenario, this.secrets, paceMs);
    this.#world = new MockWorld(scenario);
    this.clouds = new MockClouds(this.#world, paceMs);
    this.#stacks = new MockStacks(this.#world, this.logs, paceMs);
    this.#settings = new MockSettings(scenario);
    this.#sharing = new MockSharing(this.#world, scenario, paceMs);
    this.#migration = new MockMigration(scenario, paceMs);
    for (const plan of this.#world.plans.filter((plan) => plan.running))
      beRunning(this.#world, this.logs, plan, printed);
    answer(this.#world, scenario.answered ?? 0);
    if (chatter) printOn(this.#world, this.logs);
  }

  get traffic(): MockTraffic {
    return this.#world.traffic;
  }

  get snapshot(): Snapshot {
    return this.#world.snapshot;
  }

  async call<C extends Command>(request: RequestOf<C>): Promise<Response<C>> {
    this.requests.push(request);
    return this.#handlers[request.command](request.params);
  }

  async watch(onUpdate: (update: Update) => void): Promise<Unsubscribe> {
    return this.#world.watch(onUpdate);
  }

  async notice(onNotice: (text: string | null) => void): Promise<Unsubscribe> {
    onNotice(this.#notice);
    return () => undefined;
  }

  async openUrl(url: string): Promise<void> {
    this.opened.push(url);
  }

  async copy(text: string): Promise<void> {
    this.copied.push(text);
    await globalThis.navigator?.clipboard?.writeText(text).catch(() => undefined);
  }

  /** A process of the service ends by itself; it is tried again after a while. */
  crash(slug: string, name: string): void {
    this.#stacks.crash(slug, name);
  }

  /** A tunnel fares otherwise. */
  fares(tunnel: string, status: TunnelStatus, reason: string): void {
    this.#sharing.fares(tunnel, status, reason);
  }

  /** Another engine takes its place, whose proxy has answered nothing yet. */
  beginAnew(): void {
    this.traffic.forget();
    const { engine } = this.#world.snapshot;
    this.#world.change({ type: 'engine', engine: { ...engine, pid: engine.pid + 1 } });
  }

  /** Tells the watchers a delta out of order, as if one had been lost. */
  loseDelta(): void {
    this.#world.tell({
      type: 'delta',
      value: { revision: this.#world.snapshot.revision + 5, change: { type: 'project_removed', slug: '' } },
    });
  }

  #handlers: Handlers = {
    hello: () => ({ protocol: 1, version: VERSION, pid: PID, host: 'desktop' }),
    'state.snapshot': () => this.#world.snapshot,
    'state.watch': () => ({}),
    'project.add': ({ folder }) => ({ project: this.#add(folder) }),
    'project.remove': ({ project }) =>
      this.#done(() => {
        this.#world.ports.remove(project);
        this.#world.change({ type: 'project_removed', slug: project });
      }),
    'stack.start': ({ project, services, profiles = [] }) =>
      this.#done(() => this.#stacks.start(project, services, profiles)),
    'stack.stop': ({ project, services }) => this.#done(() => this.#stacks.stop(project, services)),
    'stack.restart': ({ project, services, dependants = false }) =>
      this.#done(() => this.#stacks.restart(project, services, dependants)),
    'project.compare': ({ project }) => ({ changes: this.#world.project(project).changes }),
    'project.apply': ({ project }) => this.#apply(project),
    'stack.usage': ({ project, services }) => ({
      nodes: this.#world
        .project(project)
        .nodes.filter((node) => node.pid !== undefined)
        // What a container uses is known to Docker alone.
        .filter(({ resource }) => resource === undefined)
        .filter(({ name }) => services.length === 0 || services.includes(name))
        .map((node) => usageOf(node, Date.now())),
    }),
    'service.environment': ({ project, service }) =>
      environmentOf(this.#world.project(project), this.#world.node(project, service)),
    'events.read': (read) => this.#world.timeline.read(read),
    'logs.read': (params) => this.logs.read(params),
    'logs.runs': (params) => this.logs.runs(params),
    'port.list': ({ project }) => this.#world.ports.list(this.#world.snapshot.projects, project),
    'port.who': ({ port }) => this.#world.ports.who(this.#world.snapshot.projects, port),
    'port.move': (move) => this.#stacks.moved(move, this.#world.ports.move(move)),
    'port.adopt': (adopt) => {
      const { phase, adopted } = this.#world.node(adopt.project, adopt.service);
      if (isAlive({ phase }) && !adopted)
        refuse('invalid_request', `${adopt.service} runs: its port is its own`, 'Stop it first.');
      return this.#stacks.moved(adopt, this.#world.ports.adopt(adopt));
    },
    'port.free': (free) =>
      this.#done(() => {
        this.#world.ports.free(free);
        for (const { slug, nodes } of this.#world.snapshot.projects)
          for (const node of nodes.filter((node) => node.port === free.port))
            this.#stacks.tryAgain(slug, node.name);
      }),
    'port.reserve': (reserve) => this.#done(() => this.#world.ports.reserve(reserve)),
    'port.release': ({ range }) => this.#done(() => this.#world.ports.release(range)),
    'doctor.examine': () => ({ findings: [...this.#world.ports.findings(), ...this.names] }),
    'proxy.maintain': (maintain) => this.#done(() => this.#world.maintain(maintain)),
    'tunnel.share': (share) => this.#done(() => this.#sharing.share(share)),
    'tunnel.unshare': (unshare) => this.#done(() => this.#sharing.unshare(unshare)),
    'tunnel.restart': (restart) => this.#done(() => this.#sharing.restart(restart)),
    'tunnel.install': async () => {
      await this.#sharing.install();
      return { program: '/home/me/.local/state/kinfra/programs/cloudflared', version: '2026.8.2' };
    },
    'tunnel.plan': () => this.cloudflare.plan(),
    'tunnel.sweep': (sweep) => this.cloudflare.sweep(sweep),
    'tunnel.take_over': (record) => this.#done(() => this.cloudflare.takeOver(record)),
    'tunnel.adopt': ({ tunnel }) => refuse('invalid_request', `no tunnel ${tunnel} is there to adopt`),
    'tunnel.retire': ({ tunnel }) =>
      refuse('invalid_request', `no cloudflared of KInfra 1.0 is known to run ${tunnel}`),
    'account.add': (add) => this.cloudflare.add(add),
    'account.list': () => this.cloudflare.list(),
    'account.remove': ({ name }) => this.#done(() => this.cloudflare.remove(name)),
    'proxy.requests': (read) => this.traffic.read(read),
    'proxy.traffic': (measure) => ({
      services: this.traffic.figures(this.#world.project(measure.project), measure),
    }),
    'proxy.use_port': ({ port }) => {
      this.#world.change({ type: 'engine', engine: { ...this.#world.snapshot.engine, proxy: { port } } });
      return { port };
    },
    'secrets.set': ({ name, value }) => this.#done(() => this.secrets.set(name, value)),
    'secrets.list': () => this.secrets.list(),
    'secrets.delete': ({ name }) => ({ deleted: this.secrets.delete(name) }),
    'resource.inspect': ({ project, resource }) => this.clouds.inspect(project, resource),
    'resource.act': (act) => this.clouds.act(act),
    'settings.read': () => this.#settings.read,
    'settings.change': (change) => {
      const settings = this.#settings.change(change);
      this.#world.change({
        type: 'engine',
        engine: { ...this.#world.snapshot.engine, restore: settings.restore },
      });
      return settings;
    },
    'migration.plan': () => this.#migration.plan,
    'migration.apply': () => this.#migration.apply(),
    'migration.undo': () => this.#migration.undo(),
    'window.show': () => ({}),
    'engine.quit': () => this.#done(() => this.#world.tell({ type: 'ended' })),
  };

  /** Takes a moment, as starting a service anew does. */
  async #apply(slug: string) {
    const { changes } = this.#world.project(slug);
    const rolled_back = this.#world.plans.find((plan) => plan.slug === slug)?.rolledBack;
    const show = (state: Partial<ProjectState>) =>
      this.#world.change({ type: 'project', project: { ...this.#world.project(slug), ...state } });
    show({ applying: true });
    await new Promise((resolve) => setTimeout(resolve, this.#paceMs));
    show({ applying: false, changes: rolled_back ? changes : [] });
    return { changes, ...(rolled_back && { rolled_back }) };
  }

  #done(act: () => void): Record<symbol, never> {
    act();
    return {};
  }

  #add(folder: string): string {
    const slug = folder.split('/').filter(Boolean).at(-1)?.toLowerCase();
    if (!slug || slug.includes('missing')) {
      const problem: Problem = {
        code: 'config_missing',
        message: `No kinfra.yaml in ${folder || '/'} or above it.`,
        hint: 'Choose a folder that has one, or write one.',
      };
      throw { problems: [problem] } satisfies Failure;
    }
    const plan: ProjectPlan = { slug, folder, services: [{ name: 'web', port: 23_000 }] };
    if (!this.#world.plans.some((known) => known.slug === slug)) this.#world.plans.push(plan);
    this.#world.ports.add(plan);
    this.#world.change({ type: 'project', project: this.#world.stopped(plan) });
    return slug;
  }
}
