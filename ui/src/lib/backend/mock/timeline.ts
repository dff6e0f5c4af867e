/** What happened to the services of the in-memory engine, told by how their states change; and what they use. */
import type { EventKind, EventList, NodeEvent, NodeState, NodeUsage, ReadEvents } from '../../rpc/rpc';

export class MockTimeline {
  #events = new Map<string, NodeEvent[]>();

  record(project: string, node: string, kind: EventKind, text: string, at: number): void {
    const events = this.#events.get(project) ?? [];
    this.#events.set(project, [...events, { node, at, kind, text }]);
  }

  /** A node is about to become another one. */
  changed(project: string, before: NodeState, after: NodeState, at: number): void {
    const told = whatHappened(before, after);
    if (told) this.record(project, after.name, told[0], told[1], at);
  }

  read({ project, services, limit }: ReadEvents): EventList {
    const isWanted = ({ node }: NodeEvent) => services.length === 0 || services.includes(node);
    return { events: (this.#events.get(project) ?? []).filter(isWanted).slice(-limit) };
  }
}

function whatHappened(before: NodeState, after: NodeState): [EventKind, string] | undefined {
  const becomes = (phase: NodeState['phase']) => before.phase !== phase && after.phase === phase;
  if (becomes('starting')) return ['started', `started, pid ${after.pid}`];
  if (becomes('running')) {
    return after.health === 'healthy' ? ['ready', 'is healthy'] : ['unready', after.detail];
  }
  if (becomes('exited')) return ['ended', after.detail];
  if (becomes('failed')) return ['failed', after.detail];
  if (becomes('stopping')) return ['stopping', 'is being stopped'];
  if (becomes('stopped')) return ['stopped', 'stopped'];
  return undefined;
}

/** Figures that move a little with time, so that one can see them move. */
export function usageOf(node: NodeState, now: number): NodeUsage {
  const size = node.name.length;
  const wave = Math.sin(now / 3_000 + size) + Math.sin(now / 1_100 + 2 * size);
  return {
    node: node.name,
    cpu_percent: Math.round(10 * Math.max(0.1, (size % 5) * 6 + 5 * wave)) / 10,
    memory_bytes: Math.round((size * 9 + wave) * 1_048_576),
    descriptors: 12 + size * 3,
    processes: 1 + (size % 3),
    threads: 4 + size,
  };
}
