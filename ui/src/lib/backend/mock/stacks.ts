/**
 * Theory of operation. The stacks of the in-memory engine. A started node waits for its dependencies, starts, and after
 * `paceMs` meets the fate that its plan names; a stopped one waits for its dependants. Each step of a node is one timer,
 * and a node has one at most, so a later command simply replaces what was to come.
 */
import type { NodeState, PortMoved } from '../../rpc/rpc';
import { withDependants, withDependencies } from '../../state/dependencies';
import { isDone, isHealthy } from '../../state/status';
import type { MockLogs } from './logs';
import { begun, completed, hasProcess, LAST_LINES, probed, refusal } from './outcomes';
import type { MockWorld } from './world';

const GRACE_MS = 10_000;

export class MockStacks {
  readonly #world: MockWorld;
  readonly #logs: MockLogs;
  readonly #paceMs: number;
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(world: MockWorld, logs: MockLogs, paceMs: number) {
    this.#world = world;
    this.#logs = logs;
    this.#paceMs = paceMs;
  }

  start(slug: string, names: string[], profiles: string[]): void {
    const known = this.#world.project(slug).profiles ?? {};
    const named = [...this.#named(slug, names), ...profiles.flatMap((profile) => known[profile] ?? [])];
    for (const name of withDependencies(this.#world.project(slug).nodes, named)) {
      const node = this.#world.node(slug, name);
      if (['starting', 'running', 'waiting'].includes(node.phase)) continue;
      if (isDone(node) && !names.includes(name)) continue;
      const { problem: _problem, last_exit: _exit, retry_at: _retry, ...rest } = node;
      this.#world.set(slug, { ...rest, wanted: 'running', phase: 'waiting', detail: 'waiting', restarts: 0 });
    }
    this.#advance(slug);
  }

  stop(slug: string, names: string[]): void {
    const { nodes } = this.#world.project(slug);
    const named = names.length > 0 ? this.#named(slug, names) : nodes.map((node) => node.name);
    for (const name of withDependants(nodes, named)) {
      const { retry_at: _retry, ...node } = this.#world.node(slug, name);
      if (node.phase === 'stopping') {
        this.#world.set(slug, { ...node, wanted: 'stopped' });
        continue;
      }
      this.#cancel(slug, name);
      if (isAlive(node)) this.#world.set(slug, { ...node, wanted: 'stopped', pending: 'stop' });
      else this.#world.set(slug, { ...idle(node), wanted: 'stopped' });
    }
    this.#windDown(slug);
  }

  restart(slug: string, names: string[], dependants: boolean): void {
    const wanted = this.#world.project(slug).nodes.filter((node) => node.wanted === 'running');
    const also = names.length > 0 ? [] : wanted.map((node) => node.name);
    const chosen = [...this.#named(slug, names), ...also];
    const more = dependants ? [...withDependants(this.#world.project(slug).nodes, chosen)] : [];
    const running = more.filter((name) => isAlive(this.#world.node(slug, name)));
    for (const name of new Set([...chosen, ...running])) {
      const node = this.#world.node(slug, name);
      if (node.phase === 'stopping') {
        this.#world.set(slug, { ...node, wanted: 'running' });
        continue;
      }
      this.#cancel(slug, name);
      this.#world.set(slug, { ...node, wanted: 'running', pending: 'restart' });
    }
    this.#windDown(slug);
  }

  /** A process of the service ends by itself; it is tried again after a while. */
  crash(slug: string, name: string): void {
    const node = this.#world.node(slug, name);
    this.#print(slug, name, 'panic: connection refused', 'stderr');
    const { pid: _pid, started_at: _started, ...rest } = node;
    this.#world.set(slug, {
      ...rest,
      phase: 'exited',
      health: 'unknown',
      detail: 'exited with code 1',
      last_exit: { code: 1, at: Date.now() },
      last_lines: LAST_LINES,
      retry_at: Date.now() + 2 * this.#paceMs,
    });
    this.#later(slug, name, 2 * this.#paceMs, () => {
      this.#world.set(slug, { ...this.#world.node(slug, name), restarts: node.restarts + 1 });
      this.#begin(slug, name);
    });
  }

  /** The port counts from the next start on, which is now where the old one was in the way. */
  moved({ project, service }: { project: string; service: string }, port: number): PortMoved {
    const node = this.#world.node(project, service);
    if (!isAlive(node) || node.adopted) this.#world.set(project, this.#world.withPort(project, node));
    this.tryAgain(project, service);
    return { port };
  }

  tryAgain(slug: string, name: string): void {
    const { problem, ...node } = this.#world.node(slug, name);
    if (node.phase !== 'failed' || problem?.code !== 'port_taken') return;
    this.#world.set(slug, { ...node, wanted: 'running' });
    this.#begin(slug, name);
  }

  /** Starts whatever waits for nothing any more. */
  #advance(slug: string): void {
    for (const node of this.#world.project(slug).nodes.filter((node) => node.phase === 'waiting')) {
      const waits_for = node.depends_on.filter((name) => !this.#lets(slug, node, name));
      if (waits_for.length === 0) this.#begin(slug, node.name);
      else this.#world.set(slug, { ...node, waits_for, detail: `waits for ${waits_for.join(', ')}` });
    }
  }

  /** Ends whatever is to end and has no dependant that still has to. */
  #windDown(slug: string): void {
    for (const { name } of this.#world.project(slug).nodes.filter(isToEnd)) {
      if (this.#timers.has(key(slug, name))) continue;
      const { pending, ...node } = this.#world.node(slug, name);
      const [dependant] = this.#dependants(slug, name).filter((name) =>
        isToEnd(this.#world.node(slug, name)),
      );
      if (dependant !== undefined) {
        const [now] = node.detail.split(' · ');
        const detail = `${now} · ${pending === 'restart' ? 'restarts' : 'stops'} after ${dependant}`;
        this.#world.set(slug, { ...node, ...(pending && { pending }), detail });
        continue;
      }
      const kill_at = Date.now() + GRACE_MS;
      this.#world.set(slug, { ...node, phase: 'stopping', detail: 'stopping', kill_at });
      this.#later(slug, name, this.#paceMs / 4, () => {
        this.#world.ports.endLeases(slug, name);
        const ended = this.#world.withPort(slug, idle(this.#world.node(slug, name)));
        const again = ended.wanted === 'running';
        this.#world.set(slug, again ? { ...ended, phase: 'waiting', detail: 'waiting' } : ended);
        this.#windDown(slug);
        this.#advance(slug);
      });
    }
  }

  #begin(slug: string, name: string): void {
    const { retry_at: _retry, ...node } = this.#world.node(slug, name);
    const fate = this.#world.plan(slug, name).fate ?? 'healthy';
    const problem = refusal(fate, node, this.#world.ports.strangerOf(slug, name));
    if (problem) {
      this.#world.set(slug, {
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
      this.#world.set(slug, { ...rest, phase: 'running', waits_for: [], ...probed('healthy', name) });
      this.#advance(slug);
      return;
    }
    this.#logs.begin(slug, name, Date.now());
    this.#print(slug, name, `listening on 127.0.0.1:${node.port ?? 0}`, 'stdout');
    this.#world.set(slug, {
      ...node,
      phase: 'starting',
      health: 'starting',
      detail: begun(fate, node),
      waits_for: [],
      last_lines: [],
      ...(hasProcess(node) && { pid: 5000 + name.length }),
      started_at: Date.now(),
    });
    if (fate === 'never_ready') return;
    this.#later(slug, name, this.#paceMs, () => {
      if (fate === 'crashes') this.crash(slug, name);
      else if (fate === 'completes')
        this.#world.set(slug, completed(this.#world.node(slug, name), Date.now()));
      else
        this.#world.set(slug, { ...this.#world.node(slug, name), phase: 'running', ...probed(fate, name) });
      this.#advance(slug);
    });
  }

  #print(slug: string, service: string, text: string, stream: 'stdout' | 'stderr'): void {
    this.#logs.append(slug, { service, stream, time: Date.now(), text });
  }

  /** The services that these names of services and groups stand for; of none, what a start of the project means. */
  #named(slug: string, names: string[]): string[] {
    const { nodes, groups } = this.#world.project(slug);
    if (names.length === 0) return nodes.filter((node) => !node.optional).map((node) => node.name);
    return names.flatMap((name) => groups[name] ?? [this.#world.node(slug, name).name]);
  }

  /** Whether a dependency is where this node waits for it to be. */
  #lets(slug: string, { conditions }: NodeState, dependency: string): boolean {
    const node = this.#world.node(slug, dependency);
    const condition = conditions?.[dependency] ?? 'healthy';
    if (isDone(node)) return true;
    return condition === 'started' ? isAlive(node) : condition === 'healthy' && isHealthy(node);
  }

  #dependants(slug: string, name: string): string[] {
    return this.#world
      .project(slug)
      .nodes.filter((node) => node.depends_on.includes(name))
      .map((node) => node.name);
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

/** As it is with nothing of it running. */
function idle({
  pid: _pid,
  started_at: _started,
  problem: _problem,
  kill_at: _kill,
  ...node
}: NodeState): NodeState {
  return { ...node, phase: 'stopped', health: 'unknown', detail: 'stopped', waits_for: [] };
}

function isToEnd({ pending, phase }: NodeState): boolean {
  return pending !== undefined || phase === 'stopping';
}

export function isAlive({ phase }: Pick<NodeState, 'phase'>): boolean {
  return ['starting', 'running', 'stopping'].includes(phase);
}
