/**
 * Theory of operation. A small engine in memory, for working on the window without an app and for its tests. It
 * keeps one snapshot, changes it only by deltas that it applies with the same reducer as the window, and tells
 * its watchers each. A started node waits for its dependencies, starts, and after `paceMs` meets the fate that
 * its plan names; a stopped one waits for its dependants. Each step of a node is one timer, and a node has one
 * at most, so a later command simply replaces what was to come.
 */
import type {
  Change,
  Failure,
  Finding,
  NodeState,
  PortMoved,
  Problem,
  ProjectState,
  Snapshot,
  Update,
} from '../../rpc/rpc';
import { applyDelta } from '../../state/reducer';
import { isHealthy } from '../../state/status';
import type { Backend, Command, Params, RequestOf, Response, Unsubscribe } from '../backend';
import { chatterLine } from './chatter';
import { MockLogs } from './logs';
import { found, LAST_LINES, probed, refusal, refuse, settled } from './outcomes';
import { MockPorts } from './ports';
import { MockSettings } from './settings';
import { MockTimeline, usageOf } from './timeline';
import { stoppedProject, type ProjectPlan, type Scenario, type ServicePlan } from './plans';

export interface MockOptions {
  /** How long a service takes to start, in milliseconds. */
  paceMs?: number;
  /** Whether running services print by themselves. */
  chatter?: boolean;
  /** What the app has to say. */
  notice?: string | null;
}

type Handlers = { [C in Command]: (params: Params<C>) => Response<C> | Promise<Response<C>> };

const HISTORY_LINES = 400;
const GRACE_MS = 10_000;
const VERSION = '2.0.0-alpha.1';

export class MockEngine implements Backend {
  /** All requests so far, for tests. */
  readonly requests: RequestOf<Command>[] = [];
  readonly opened: string[] = [];
  readonly copied: string[] = [];
  readonly logs = new MockLogs();
  #timeline = new MockTimeline();
  #snapshot: Snapshot;
  #plans: ProjectPlan[];
  #ports: MockPorts;
  #settings: MockSettings;
  #watchers = new Set<(update: Update) => void>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #restarting = new Set<string>();
  #paceMs: number;
  #printed = 0;
  /** What the doctor says of names. */
  names: Finding[];
  #notice: string | null;

  constructor(scenario: Scenario, { paceMs = 1_500, chatter = false, notice = null }: MockOptions = {}) {
    this.#paceMs = paceMs;
    this.#notice = notice;
    this.#plans = structuredClone(scenario.projects);
    this.#ports = new MockPorts(scenario);
    this.#settings = new MockSettings(scenario);
    this.names = scenario.names ?? [];
    this.#snapshot = {
      revision: 1,
      engine: {
        version: VERSION,
        pid: 4711,
        proxy: scenario.proxy,
        problems: scenario.problems ?? [],
        restore: false,
        ending: false,
      },
      projects: scenario.projects.map((plan) => this.#stopped(plan)),
    };
    for (const plan of scenario.projects.filter((plan) => plan.running)) this.#beRunning(plan);
    if (chatter) this.#chatter();
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  async call<C extends Command>(request: RequestOf<C>): Promise<Response<C>> {
    this.requests.push(request);
    return this.#handlers[request.command](request.params);
  }

  async watch(onUpdate: (update: Update) => void): Promise<Unsubscribe> {
    this.#watchers.add(onUpdate);
    onUpdate({ type: 'snapshot', value: this.#snapshot });
    return () => this.#watchers.delete(onUpdate);
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
    const node = this.#node(slug, name);
    this.#print(slug, name, 'panic: connection refused', 'stderr');
    const { pid: _pid, started_at: _started, ...rest } = node;
    this.#set(slug, {
      ...rest,
      phase: 'exited',
      health: 'unknown',
      detail: 'exited with code 1',
      last_exit: { code: 1, at: Date.now() },
      last_lines: LAST_LINES,
      retry_at: Date.now() + 2 * this.#paceMs,
    });
    this.#later(slug, name, 2 * this.#paceMs, () => {
      this.#set(slug, { ...this.#node(slug, name), restarts: node.restarts + 1 });
      this.#begin(slug, name);
    });
  }

  /** Tells the watchers a delta out of order, as if one had been lost. */
  loseDelta(): void {
    this.#tell({
      type: 'delta',
      value: { revision: this.#snapshot.revision + 5, change: { type: 'project_removed', slug: '' } },
    });
  }

  #handlers: Handlers = {
    hello: () => ({ protocol: 1, version: VERSION, pid: 4711, host: 'desktop' }),
    'state.snapshot': () => this.#snapshot,
    'state.watch': () => ({}),
    'project.add': ({ folder }) => ({ project: this.#add(folder) }),
    'project.remove': ({ project }) =>
      this.#done(() => {
        this.#ports.remove(project);
        this.#change({ type: 'project_removed', slug: project });
      }),
    'stack.start': ({ project, services }) => this.#done(() => this.#start(project, services)),
    'stack.stop': ({ project, services }) => this.#done(() => this.#stop(project, services)),
    'stack.restart': ({ project, services }) => this.#done(() => this.#restart(project, services)),
    'project.compare': ({ project }) => ({ changes: this.#project(project).changes }),
    'project.apply': ({ project }) => this.#apply(project),
    'stack.usage': ({ project, services }) => ({
      nodes: this.#project(project)
        .nodes.filter((node) => node.pid !== undefined)
        .filter(({ name }) => services.length === 0 || services.includes(name))
        .map((node) => usageOf(node, Date.now())),
    }),
    'service.environment': () => ({ variables: [] }),
    'events.read': (read) => this.#timeline.read(read),
    'logs.read': (params) => this.logs.read(params),
    'logs.runs': (params) => this.logs.runs(params),
    'port.list': ({ project }) => this.#ports.list(this.#snapshot.projects, project),
    'port.who': ({ port }) => this.#ports.who(this.#snapshot.projects, port),
    'port.move': (move) => this.#moved(move, this.#ports.move(move)),
    'port.adopt': (adopt) => {
      const { phase, adopted } = this.#node(adopt.project, adopt.service);
      if (isAlive({ phase }) && !adopted)
        refuse('invalid_request', `${adopt.service} runs: its port is its own`, 'Stop it first.');
      return this.#moved(adopt, this.#ports.adopt(adopt));
    },
    'port.free': (free) =>
      this.#done(() => {
        this.#ports.free(free);
        for (const { slug, nodes } of this.#snapshot.projects)
          for (const node of nodes.filter((node) => node.port === free.port)) this.#tryAgain(slug, node.name);
      }),
    'port.reserve': (reserve) => this.#done(() => this.#ports.reserve(reserve)),
    'port.release': ({ range }) => this.#done(() => this.#ports.release(range)),
    'doctor.examine': () => ({ findings: [...this.#ports.findings(), ...this.names] }),
    'proxy.use_port': ({ port }) => {
      this.#change({ type: 'engine', engine: { ...this.#snapshot.engine, proxy: { port } } });
      return { port };
    },
    'settings.read': () => this.#settings.read,
    'settings.change': (change) => {
      const settings = this.#settings.change(change);
      this.#change({ type: 'engine', engine: { ...this.#snapshot.engine, restore: settings.restore } });
      return settings;
    },
    'window.show': () => ({}),
    'engine.quit': () => this.#done(() => this.#tell({ type: 'ended' })),
  };

  /** Takes a moment, as starting a service anew does. */
  async #apply(slug: string) {
    const { changes } = this.#project(slug);
    const rolled_back = this.#plans.find((plan) => plan.slug === slug)?.rolledBack;
    const show = (state: Partial<ProjectState>) =>
      this.#change({ type: 'project', project: { ...this.#project(slug), ...state } });
    show({ applying: true });
    await new Promise((resolve) => setTimeout(resolve, this.#paceMs));
    show({ applying: false, changes: rolled_back ? changes : [] });
    return { changes, ...(rolled_back && { rolled_back }) };
  }

  #done(act: () => void): Record<symbol, never> {
    act();
    return {};
  }

  #start(slug: string, names: string[]): void {
    for (const name of this.#closure(slug, names, (node) => node.depends_on)) {
      const node = this.#node(slug, name);
      if (['starting', 'running', 'waiting'].includes(node.phase)) continue;
      const { problem: _problem, last_exit: _exit, retry_at: _retry, ...rest } = node;
      this.#set(slug, { ...rest, wanted: 'running', phase: 'waiting', detail: 'waiting', restarts: 0 });
    }
    this.#advance(slug);
  }

  #stop(slug: string, names: string[]): void {
    for (const name of this.#closure(slug, names, (node) => this.#dependants(slug, node.name))) {
      const { retry_at: _retry, ...node } = this.#node(slug, name);
      const alive = isAlive(node);
      this.#cancel(slug, name);
      const kill_at = Date.now() + GRACE_MS;
      if (alive)
        this.#set(slug, { ...node, wanted: 'stopped', phase: 'stopping', detail: 'stopping', kill_at });
      else this.#set(slug, { ...this.#idle(node), wanted: 'stopped' });
    }
    this.#windDown(slug);
  }

  #restart(slug: string, names: string[]): void {
    const chosen = names.length > 0 ? names : this.#project(slug).nodes.map((node) => node.name);
    for (const name of chosen) {
      this.#restarting.add(key(slug, name));
      this.#set(slug, {
        ...this.#node(slug, name),
        wanted: 'running',
        phase: 'stopping',
        detail: 'stopping',
      });
    }
    this.#windDown(slug);
  }

  /** Starts whatever waits for nothing any more. */
  #advance(slug: string): void {
    for (const node of this.#project(slug).nodes.filter((node) => node.phase === 'waiting')) {
      const waits_for = node.depends_on.filter((name) => !isHealthy(this.#node(slug, name)));
      if (waits_for.length === 0) this.#begin(slug, node.name);
      else this.#set(slug, { ...node, waits_for, detail: `waits for ${waits_for.join(', ')}` });
    }
  }

  /** Ends whatever is stopping and has no dependant that still runs. */
  #windDown(slug: string): void {
    for (const node of this.#project(slug).nodes.filter((node) => node.phase === 'stopping')) {
      const held = this.#dependants(slug, node.name).some(
        (name) => this.#node(slug, name).phase === 'stopping',
      );
      if (held || this.#timers.has(key(slug, node.name))) continue;
      this.#later(slug, node.name, this.#paceMs / 4, () => {
        const again = this.#restarting.delete(key(slug, node.name));
        this.#ports.endLeases(slug, node.name);
        const ended = this.#withPort(slug, this.#idle(this.#node(slug, node.name)));
        this.#set(slug, again ? { ...ended, phase: 'waiting', detail: 'waiting' } : ended);
        this.#windDown(slug);
        this.#advance(slug);
      });
    }
  }

  #begin(slug: string, name: string): void {
    const { retry_at: _retry, ...node } = this.#node(slug, name);
    const fate = this.#service(slug, name).fate ?? 'healthy';
    const problem = refusal(fate, node, this.#ports.strangerOf(slug, name));
    if (problem) {
      this.#set(slug, {
        ...node,
        phase: 'failed',
        health: 'unknown',
        waits_for: [],
        detail: problem.message,
        problem,
      });
      return;
    }
    if (node.adopted) {
      const { problem: _problem, ...rest } = node;
      this.#set(slug, { ...rest, phase: 'running', waits_for: [], ...probed('healthy', name) });
      this.#advance(slug);
      return;
    }
    this.logs.begin(slug, name, Date.now());
    this.#print(slug, name, `listening on 127.0.0.1:${node.port ?? 0}`, 'stdout');
    this.#set(slug, {
      ...node,
      phase: 'starting',
      health: 'starting',
      detail: 'starting: connection refused',
      waits_for: [],
      last_lines: [],
      pid: 5000 + name.length,
      started_at: Date.now(),
    });
    if (fate === 'never_ready') return;
    this.#later(slug, name, this.#paceMs, () => {
      if (fate === 'crashes') this.crash(slug, name);
      else this.#set(slug, { ...this.#node(slug, name), phase: 'running', ...probed(fate, name) });
      this.#advance(slug);
    });
  }

  /** The port counts from the next start on, which is now where the old one was in the way. */
  #moved({ project, service }: { project: string; service: string }, port: number): PortMoved {
    const node = this.#node(project, service);
    if (!isAlive(node) || node.adopted) this.#set(project, this.#withPort(project, node));
    this.#tryAgain(project, service);
    return { port };
  }

  #tryAgain(slug: string, name: string): void {
    const { problem, ...node } = this.#node(slug, name);
    if (node.phase !== 'failed' || problem?.code !== 'port_taken') return;
    this.#set(slug, { ...node, wanted: 'running' });
    this.#begin(slug, name);
  }

  #withPort(slug: string, node: NodeState): NodeState {
    const { listens_on: _old, ...rest } = node;
    return { ...rest, ...this.#ports.facts(slug, node.name) };
  }

  #stopped(plan: ProjectPlan): ProjectState {
    const project = stoppedProject(plan);
    return { ...project, nodes: project.nodes.map((node) => this.#withPort(plan.slug, node)) };
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
    if (!this.#plans.some((known) => known.slug === slug)) this.#plans.push(plan);
    this.#ports.add(plan);
    this.#change({ type: 'project', project: this.#stopped(plan) });
    return slug;
  }

  /** Puts a project where its stack would be after a while, with some logs behind it. */
  #beRunning(plan: ProjectPlan): void {
    const now = Date.now();
    this.#snapshot = {
      ...this.#snapshot,
      projects: this.#snapshot.projects.map((project) =>
        project.slug === plan.slug
          ? {
              ...project,
              nodes: project.nodes.map((node, index) => ({
                ...node,
                wanted: 'running',
                ...settled(plan, node, index, now, this.#ports.strangerOf(plan.slug, node.name)),
              })),
            }
          : project,
      ),
    };
    for (const node of this.#project(plan.slug).nodes) {
      const began = node.started_at ?? now - 60_000;
      this.#timeline.record(plan.slug, node.name, 'started', 'started', began);
      if (isHealthy(node)) this.#timeline.record(plan.slug, node.name, 'ready', 'is healthy', began + 900);
      else if (node.phase === 'crash_looping') {
        this.#timeline.record(plan.slug, node.name, 'ended', 'exited with code 1', now - 4_000);
        this.#timeline.record(plan.slug, node.name, 'crash_looping', node.detail, now - 4_000);
      }
    }
    const names = plan.services.filter((service) => !service.adopted).map((service) => service.name);
    for (const name of names) this.logs.begin(plan.slug, name, now - HISTORY_LINES * 700);
    for (let n = 0; n < HISTORY_LINES && names.length > 0; n += 1) {
      // Halfway one of them was restarted.
      if (n === HISTORY_LINES / 2) this.logs.begin(plan.slug, names[0]!, now - (HISTORY_LINES - n) * 700);
      const name = names[(n * 5) % names.length]!;
      this.logs.append(plan.slug, chatterLine(name, n, now - (HISTORY_LINES - n) * 700));
    }
    this.#printed = HISTORY_LINES;
  }

  #chatter(): void {
    setInterval(() => {
      for (const { slug, nodes } of this.#snapshot.projects) {
        const running = nodes.filter((node) => node.phase === 'running' && !node.adopted);
        const node = running[(this.#printed * 5) % running.length];
        if (node) this.logs.append(slug, chatterLine(node.name, (this.#printed += 1), Date.now()));
      }
    }, 400);
  }

  #print(slug: string, service: string, text: string, stream: 'stdout' | 'stderr'): void {
    this.logs.append(slug, { service, stream, time: Date.now(), text });
  }

  /** The named nodes, or all, with whatever `next` leads to from them. */
  #closure(slug: string, names: string[], next: (node: NodeState) => string[]): Set<string> {
    const found = new Set<string>();
    const open = names.length > 0 ? [...names] : this.#project(slug).nodes.map((node) => node.name);
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (found.has(name)) continue;
      found.add(name);
      open.push(...next(this.#node(slug, name)));
    }
    return found;
  }

  #dependants(slug: string, name: string): string[] {
    return this.#project(slug)
      .nodes.filter((node) => node.depends_on.includes(name))
      .map((node) => node.name);
  }

  #idle({
    pid: _pid,
    started_at: _started,
    problem: _problem,
    kill_at: _kill,
    ...node
  }: NodeState): NodeState {
    return { ...node, phase: 'stopped', health: 'unknown', detail: 'stopped', waits_for: [] };
  }

  #project(slug: string): ProjectState {
    return found(
      this.#snapshot.projects.find((project) => project.slug === slug),
      'unknown_project',
      slug,
    );
  }

  #node(slug: string, name: string): NodeState {
    return found(
      this.#project(slug).nodes.find((node) => node.name === name),
      'unknown_service',
      name,
    );
  }

  #service(slug: string, name: string): ServicePlan {
    const plan = this.#plans.find((project) => project.slug === slug);
    return found(
      plan?.services.find((service) => service.name === name),
      'unknown_service',
      name,
    );
  }

  #set(slug: string, node: NodeState): void {
    this.#timeline.changed(slug, this.#node(slug, node.name), node, Date.now());
    this.#change({ type: 'node', slug, node });
  }

  #change(change: Change): void {
    const delta = { revision: this.#snapshot.revision + 1, change };
    this.#snapshot = applyDelta(this.#snapshot, delta) ?? this.#snapshot;
    this.#tell({ type: 'delta', value: delta });
  }

  #tell(update: Update): void {
    // A copy: a watcher that begins anew meanwhile must not get this update too.
    for (const watcher of [...this.#watchers]) watcher(update);
  }

  #later(slug: string, name: string, afterMs: number, act: () => void): void {
    this.#cancel(slug, name);
    const run = () => {
      this.#timers.delete(key(slug, name));
      act();
    };
    this.#timers.set(key(slug, name), setTimeout(run, afterMs));
  }

  #cancel(slug: string, name: string): void {
    clearTimeout(this.#timers.get(key(slug, name)));
    this.#timers.delete(key(slug, name));
  }
}

function key(slug: string, name: string): string {
  return `${slug}/${name}`;
}

function isAlive({ phase }: Pick<NodeState, 'phase'>): boolean {
  return ['starting', 'running', 'stopping'].includes(phase);
}
