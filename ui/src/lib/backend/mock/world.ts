/**
 * What the in-memory engine knows: one snapshot, changed only by deltas that are applied with the same reducer as the
 * window's, and told to each watcher.
 */
import type { Change, EngineState, Maintain, NodeState, ProjectState, Snapshot, Update } from '../../rpc/rpc';
import { applyDelta } from '../../state/reducer';
import type { Unsubscribe } from '../backend';
import { found, refuse } from './outcomes';
import { stoppedProject, type ProjectPlan, type Scenario, type ServicePlan } from './plans';
import { MockPorts } from './ports';
import { MockTimeline } from './timeline';
import { MockTraffic } from './traffic';

export const VERSION = '2.0.0-alpha.1';
export const PID = 4711;

export class MockWorld {
  readonly plans: ProjectPlan[];
  readonly ports: MockPorts;
  readonly timeline = new MockTimeline();
  readonly traffic = new MockTraffic();
  #snapshot: Snapshot;
  #watchers = new Set<(update: Update) => void>();

  constructor(scenario: Scenario) {
    this.plans = structuredClone(scenario.projects);
    this.ports = new MockPorts(scenario);
    const engine = {
      version: VERSION,
      pid: PID,
      proxy: scenario.proxy,
      problems: scenario.problems ?? [],
      restore: false,
      ending: false,
    };
    this.#snapshot = { revision: 1, engine, projects: scenario.projects.map((plan) => this.stopped(plan)) };
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  watch(onUpdate: (update: Update) => void): Unsubscribe {
    this.#watchers.add(onUpdate);
    onUpdate({ type: 'snapshot', value: this.#snapshot });
    return () => this.#watchers.delete(onUpdate);
  }

  project(slug: string): ProjectState {
    return found(
      this.#snapshot.projects.find((project) => project.slug === slug),
      'unknown_project',
      slug,
    );
  }

  node(slug: string, name: string): NodeState {
    return found(
      this.project(slug).nodes.find((node) => node.name === name),
      'unknown_service',
      name,
    );
  }

  plan(slug: string, name: string): ServicePlan {
    const plan = this.plans.find((project) => project.slug === slug);
    return found(
      plan?.services.find((service) => service.name === name),
      'unknown_service',
      name,
    );
  }

  /** A project of which nothing runs. */
  stopped(plan: ProjectPlan): ProjectState {
    const project = stoppedProject(plan);
    return { ...project, nodes: project.nodes.map((node) => this.withPort(plan.slug, node)) };
  }

  withPort(slug: string, node: NodeState): NodeState {
    const { listens_on: _old, ...rest } = node;
    return { ...rest, ...this.ports.facts(slug, node.name) };
  }

  /** Begins or ends the maintenance of these services, of all that have visitors when none is named. */
  maintain({ project, services, on, note, until }: Maintain): void {
    const { nodes } = this.project(project);
    const named = services.length > 0 ? services : nodes.filter(({ url }) => url).map(({ name }) => name);
    const maintenance = {
      since: Date.now(),
      ...(note?.trim() && { note: note.trim() }),
      ...(until !== undefined && { until }),
    };
    for (const name of named) {
      const { maintenance: _old, ...node } = this.node(project, name);
      if (node.url === undefined)
        refuse('invalid_request', `${name} has no visitors: it has no port that takes connections`);
      this.set(project, on ? { ...node, maintenance } : node);
    }
  }

  /** Puts a project where it is when the engine begins: nobody is told. */
  place(project: ProjectState): void {
    const projects = this.#snapshot.projects.map((known) => (known.slug === project.slug ? project : known));
    this.#snapshot = { ...this.#snapshot, projects };
  }

  set(slug: string, node: NodeState): void {
    const told = { ...node, detail: withMaintenance(node) };
    this.timeline.changed(slug, this.node(slug, node.name), told, Date.now());
    this.change({ type: 'node', slug, node: told });
  }

  /** How the engine itself is when it begins. */
  begin(engine: EngineState): void {
    this.#snapshot = { ...this.#snapshot, engine };
  }

  change(change: Change): void {
    const delta = { revision: this.#snapshot.revision + 1, change };
    this.#snapshot = applyDelta(this.#snapshot, delta) ?? this.#snapshot;
    this.tell({ type: 'delta', value: delta });
  }

  tell(update: Update): void {
    // A copy: a watcher that begins anew meanwhile must not get this update too.
    for (const watcher of [...this.#watchers]) watcher(update);
  }
}

const IN_MAINTENANCE = ' · in maintenance';

/** The engine's line of truth ends with it. */
export function withMaintenance({ detail, maintenance }: NodeState): string {
  return detail.replace(IN_MAINTENANCE, '') + (maintenance ? IN_MAINTENANCE : '');
}
