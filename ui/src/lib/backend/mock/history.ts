/** What lies behind the in-memory engine when it begins, and what its services go on to print. */
import type { NodeState } from '../../rpc/rpc';
import { isResource } from '../../state/resources';
import { isHealthy } from '../../state/status';
import { chatterLine } from './chatter';
import type { MockLogs } from './logs';
import { settled } from './outcomes';
import type { ProjectPlan } from './plans';
import { requestTo } from './traffic';
import { withMaintenance, type MockWorld } from './world';

/** Between two lines or requests, in milliseconds. */
const APART_MS = 700;
const CHATTER_MS = 400;

/** Puts a project where its stack would be after a while, with so many lines of log behind it. */
export function beRunning(world: MockWorld, logs: MockLogs, plan: ProjectPlan, lines: number): void {
  const now = Date.now();
  const project = world.project(plan.slug);
  const nodes = project.nodes.map((node, index) =>
    node.optional
      ? node
      : {
          ...node,
          wanted: 'running' as const,
          ...settled(plan, node, index, now, world.ports.strangerOf(plan.slug, node.name)),
        },
  );
  const since = now - 20 * 60_000;
  const worked = nodes.map((node, index): NodeState => {
    const told = plan.services[index]?.maintenance;
    const known = told ? { ...node, maintenance: { since, ...told } } : node;
    return { ...known, detail: withMaintenance(known) };
  });
  world.place({ ...project, nodes: worked });
  const ran = nodes.filter((node) => node.wanted === 'running');
  for (const node of ran) {
    const began = node.started_at ?? now - 60_000;
    world.timeline.record(plan.slug, node.name, 'started', 'started', began);
    if (isHealthy(node)) world.timeline.record(plan.slug, node.name, 'ready', 'is healthy', began + 900);
    else if (node.phase === 'crash_looping') {
      world.timeline.record(plan.slug, node.name, 'ended', 'exited with code 1', now - 4_000);
      world.timeline.record(plan.slug, node.name, 'crash_looping', node.detail, now - 4_000);
    }
  }
  const prints = (node: NodeState) => !node.adopted && (!isResource(node) || node.phase === 'running');
  const names = ran.filter(prints).map((node) => node.name);
  for (const name of names) logs.begin(plan.slug, name, now - lines * APART_MS);
  for (let n = 0; n < lines && names.length > 0; n += 1) {
    const time = now - (lines - n) * APART_MS;
    // Halfway one of them was restarted.
    if (n === lines / 2) logs.begin(plan.slug, names[0]!, time);
    logs.append(plan.slug, chatterLine(names[(n * 5) % names.length]!, n, time));
  }
}

/** Lets the proxy have answered so many requests to services of projects that run. */
export function answer(world: MockWorld, count: number): void {
  const nodes = world.snapshot.projects.flatMap(({ slug, nodes }) =>
    nodes.filter((node) => node.url && node.wanted === 'running').map((node) => ({ slug, node })),
  );
  for (let n = 0; n < count && nodes.length > 0; n += 1) {
    const { slug, node } = nodes[(n * 5) % nodes.length]!;
    world.traffic.append(requestTo(node, slug, n, Date.now() - (count - n) * APART_MS));
  }
}

/** From now on one running service of each project prints a line now and then, and the proxy answers for one. */
export function chatter(world: MockWorld, logs: MockLogs): void {
  let printed = 0;
  let answered = 0;
  setInterval(() => {
    for (const { slug, nodes } of world.snapshot.projects) {
      const running = nodes.filter((node) => node.phase === 'running' && !node.adopted);
      const node = running[(printed * 5) % running.length];
      if (node) logs.append(slug, chatterLine(node.name, (printed += 1), Date.now()));
      answered += 1;
      const asked = nodes.filter(({ url, wanted }) => url !== undefined && wanted === 'running');
      const visited = asked[(answered * 5) % asked.length];
      if (visited && answered % 3 === 0) world.traffic.append(requestTo(visited, slug, answered, Date.now()));
    }
  }, CHATTER_MS);
}
