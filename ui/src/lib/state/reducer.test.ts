import { describe, expect, test } from 'vitest';

import { stoppedProject, type ProjectPlan } from '../backend/mock/plans';
import type { Change, Snapshot } from '../rpc/rpc';
import { applyDelta } from './reducer';

const SHOP: ProjectPlan = { slug: 'shop', folder: '/shop', services: [{ name: 'db' }, { name: 'web' }] };
const BLOG: ProjectPlan = { slug: 'blog', folder: '/blog', services: [{ name: 'web' }] };

function snapshot(): Snapshot {
  return {
    revision: 7,
    engine: { version: '2', pid: 1, proxy: { port: 7080 }, problems: [], ending: false },
    projects: [stoppedProject(SHOP), stoppedProject(BLOG)],
  };
}

function apply(change: Change, to = snapshot()): Snapshot {
  const next = applyDelta(to, { revision: to.revision + 1, change });
  if (!next) throw new Error('the delta was refused');
  return next;
}

const project = (state: Snapshot, slug: string) => state.projects.find((project) => project.slug === slug);

describe('a delta', () => {
  test.each([6, 7, 9])('of revision %i does not follow on revision 7', (revision) => {
    const change: Change = { type: 'project_removed', slug: 'shop' };
    expect(applyDelta(snapshot(), { revision, change })).toBeUndefined();
  });

  test('moves the revision on, even if it changes nothing', () => {
    expect(apply({ type: 'project_removed', slug: 'unknown' }).revision).toBe(8);
  });

  test('replaces the engine', () => {
    const engine = { version: '2', pid: 1, proxy: { port: 7081 }, problems: [], ending: true };
    expect(apply({ type: 'engine', engine }).engine).toEqual(engine);
  });

  test('replaces a known project in its place', () => {
    const renamed = { ...stoppedProject(SHOP), name: 'The shop' };
    const next = apply({ type: 'project', project: renamed });
    expect(next.projects.map((project) => project.name)).toEqual(['The shop', 'blog']);
  });

  test('puts a new project last', () => {
    const next = apply({ type: 'project', project: stoppedProject({ ...BLOG, slug: 'lab' }) });
    expect(next.projects.map((project) => project.slug)).toEqual(['shop', 'blog', 'lab']);
  });

  test('removes a project', () => {
    expect(apply({ type: 'project_removed', slug: 'shop' }).projects.map(({ slug }) => slug)).toEqual([
      'blog',
    ]);
  });

  test('replaces one node of one project', () => {
    const node = { ...stoppedProject(SHOP).nodes[1]!, phase: 'running' as const };
    const next = apply({ type: 'node', slug: 'shop', node });
    expect(project(next, 'shop')?.nodes.map(({ phase }) => phase)).toEqual(['stopped', 'running']);
    expect(project(next, 'blog')?.nodes.map(({ phase }) => phase)).toEqual(['stopped']);
  });

  test('about a node or project that is not known is left out', () => {
    const before = snapshot();
    const node = { ...before.projects[0]!.nodes[0]!, name: 'unknown' };
    expect(apply({ type: 'node', slug: 'shop', node }).projects).toEqual(before.projects);
    expect(apply({ type: 'node', slug: 'unknown', node }).projects).toEqual(before.projects);
  });

  test('leaves the old snapshot as it was, and shares what did not change', () => {
    const before = snapshot();
    const node = { ...before.projects[0]!.nodes[0]!, phase: 'running' as const };
    const next = apply({ type: 'node', slug: 'shop', node }, before);
    expect(before).toEqual(snapshot());
    expect(next.projects[1]).toBe(before.projects[1]);
    expect(next.projects[0]?.nodes[1]).toBe(before.projects[0]?.nodes[1]);
  });
});
