import { describe, expect, test } from 'vitest';

import { stoppedProject } from '../backend/mock/plans';
import type { NodeState, ProjectState } from '../rpc/rpc';
import {
  isStartNeeded,
  nodeLook,
  nodeTruth,
  nodeWord,
  projectLine,
  projectLook,
  stackStatus,
} from './status';

const NOW = 1_000_000;
const STOPPED = stoppedProject({ slug: 'shop', folder: '/shop', services: [{ name: 'web' }] }).nodes[0]!;

function node(changes: Partial<NodeState>): NodeState {
  return { ...STOPPED, ...changes };
}

const HEALTHY = node({ wanted: 'running', phase: 'running', health: 'healthy', detail: 'healthy · 12 ms' });
const WAITING = node({ wanted: 'running', phase: 'waiting', detail: 'waits for db' });
const STOPPING = node({ phase: 'stopping', detail: 'stopping' });
const UNHEALTHY = node({ wanted: 'running', phase: 'running', health: 'unhealthy', detail: 'unhealthy' });
const DONE = node({ wanted: 'running', phase: 'exited', last_exit: { code: 0, at: 0 } });
const TASK = node({ name: 'migrate', kind: 'task' });
const MANUAL = node({ name: 'console', optional: true });
const FETCHING = node({
  wanted: 'running',
  kind: 'resource',
  phase: 'starting',
  detail: 'starting: fetching redis:8.6-alpine, 40 %',
});
const PAUSED = node({
  wanted: 'running',
  kind: 'resource',
  phase: 'running',
  detail: 'not known: is paused',
  problem: { code: 'resource_paused', message: 'is paused' },
});
const SUSPENDED = node({
  ...PAUSED,
  problem: { code: 'resource_paused_by_vendor', message: 'Neon has paused it: disabled' },
});
const RESUMING = node({ ...PAUSED, problem: { code: 'resource_resuming', message: 'is being resumed' } });
const FAILED = node({ wanted: 'running', phase: 'failed', detail: 'Port 80 is taken.' });

describe('a stack is', () => {
  test.each([
    ['stopped', []],
    ['stopped', [STOPPED]],
    ['running', [HEALTHY, STOPPED]],
    ['running', [HEALTHY, DONE]],
    ['starting', [HEALTHY, WAITING]],
    ['degraded', [HEALTHY, WAITING, UNHEALTHY]],
    ['stopping', [UNHEALTHY, STOPPING]],
    ['running', [HEALTHY, PAUSED]],
    ['degraded', [HEALTHY, SUSPENDED]],
    ['failed', [STOPPING, FAILED]],
    ['failed', [HEALTHY, node({ phase: 'crash_looping' })]],
    ['failed', [HEALTHY, node({ phase: 'exited', last_exit: { code: 1, at: 0 } })]],
  ] as const)('%s, case %#', (status, nodes) => {
    expect(stackStatus([...nodes])).toBe(status);
  });
});

describe('a project in a few words', () => {
  const project = (nodes: NodeState[], problems = 0): ProjectState => ({
    slug: 'shop',
    name: 'shop',
    folder: '/shop',
    nodes,
    groups: {},
    changes: [],
    applying: false,
    problems: Array.from({ length: problems }, () => ({ code: 'config_cycle', message: 'A cycle.' })),
  });

  test.each([
    ['1 of 1 healthy', project([HEALTHY])],
    ['starting · 1 of 2 healthy', project([HEALTHY, WAITING])],
    ['1 of 1 healthy', project([HEALTHY, DONE])],
    ['1 of 1 healthy', project([HEALTHY, TASK])],
    ['1 of 1 healthy', project([HEALTHY, MANUAL])],
    ['2 of 2 healthy', project([HEALTHY, { ...HEALTHY, optional: true }])],
    ['starting · 1 of 2 healthy', project([HEALTHY, { ...WAITING, optional: true }])],
    ['1 of 1 healthy · 1 paused', project([HEALTHY, PAUSED])],
    ['paused', project([PAUSED])],
    ['degraded · 1 of 2 healthy', project([HEALTHY, SUSPENDED])],
    ['stopped', project([STOPPED])],
    ['failed · 0 of 1 healthy', project([FAILED])],
    ['1 problem', project([], 1)],
    ['2 problems · stopped', project([STOPPED], 2)],
    ['1 problem · 1 of 1 healthy', project([HEALTHY], 1)],
    ['no services', project([])],
  ])('reads "%s"', (line, project) => {
    expect(projectLine(project)).toBe(line);
  });

  test('looks failed without any service when its configuration has problems, and paused when all of it is', () => {
    expect(projectLook(project([], 1))).toBe('failed');
    expect(projectLook(project([]))).toBe('idle');
    expect(projectLook(project([PAUSED]))).toBe('paused');
    expect(projectLook(project([PAUSED, HEALTHY]))).toBe('healthy');
  });
});

describe('a start of the whole project', () => {
  test.each([
    [true, 'nothing runs', [STOPPED, MANUAL]],
    [true, 'one has failed', [HEALTHY, FAILED]],
    [true, 'a task never ran', [HEALTHY, TASK]],
    [
      true,
      'a manual one has failed that another one needs',
      [node({ ...HEALTHY, depends_on: ['console'] }), node({ ...FAILED, name: 'console', optional: true })],
    ],
    [true, 'one is paused', [HEALTHY, PAUSED]],
    [true, 'one is paused by its vendor', [HEALTHY, SUSPENDED]],
    [false, 'one is about to go on', [HEALTHY, RESUMING]],
    [false, 'all but a manual one runs', [HEALTHY, MANUAL]],
    [false, 'a manual one has failed', [HEALTHY, node({ ...FAILED, name: 'console', optional: true })]],
    [false, 'a task is done', [HEALTHY, node({ ...DONE, name: 'migrate', kind: 'task' })]],
    [false, 'all are on their way', [HEALTHY, WAITING]],
    [false, 'there is nothing but a manual one', [MANUAL]],
  ] as const)('is needed: %s, when %s', (needed, _when, nodes) => {
    expect(isStartNeeded([...nodes])).toBe(needed);
  });
});

describe('a node', () => {
  test.each([
    ['healthy', HEALTHY],
    ['busy', WAITING],
    ['busy', STOPPING],
    ['degraded', UNHEALTHY],
    ['failed', FAILED],
    ['paused', PAUSED],
    ['suspended', SUSPENDED],
    ['busy', RESUMING],
    ['idle', STOPPED],
    ['idle', node({ phase: 'exited', last_exit: { code: 0, at: NOW } })],
    ['failed', node({ phase: 'exited', last_exit: { signal: 9, at: NOW } })],
    ['busy', node({ phase: 'exited', last_exit: { code: 1, at: NOW }, retry_at: NOW })],
  ] as const)('looks %s, case %#', (look, node) => {
    expect(nodeLook(node)).toBe(look);
  });

  test('that runs without a probe is said to be running', () => {
    expect(nodeWord(node({ phase: 'running', health: 'unknown' }))).toBe('running');
  });

  test.each([
    ['healthy · 12 ms', HEALTHY],
    ['waits for db', WAITING],
    ['stopped', STOPPED],
    ['stopped · optional', MANUAL],
    ['done', { ...DONE, detail: 'exited with code 0' }],
    ['failed · Port 80 is taken.', FAILED],
    [
      'healthy · in maintenance · 12 ms',
      { ...HEALTHY, detail: 'healthy · 12 ms · in maintenance', maintenance: { since: NOW } },
    ],
    ['stopped · in maintenance', node({ detail: 'stopped · in maintenance', maintenance: { since: NOW } })],
    [
      'waits for db · in maintenance',
      { ...WAITING, detail: 'waits for db · in maintenance', maintenance: { since: NOW } },
    ],
    [
      'exited with code 1, next try in 4 s · in maintenance',
      node({
        phase: 'exited',
        detail: 'exited with code 1 · in maintenance',
        retry_at: NOW + 4_200,
        maintenance: { since: NOW },
      }),
    ],
    ['unhealthy', UNHEALTHY],
    ['starting: connection refused', node({ phase: 'starting', detail: 'starting: connection refused' })],
    [
      'exited with code 1, next try in 4 s',
      node({ phase: 'exited', detail: 'exited with code 1', retry_at: NOW + 4_200 }),
    ],
    ['stopping, kill in 9 s', { ...STOPPING, pid: 1, kill_at: NOW + 9_000 }],
    ['stopping, kill of what is left in 9 s', { ...STOPPING, kill_at: NOW + 9_000 }],
    ['paused', PAUSED],
    ['paused by Neon · disabled', SUSPENDED],
    ['resuming', RESUMING],
    ['fetching 40 %', FETCHING],
    ['starting: fetching redis:8.6-alpine, 40 %', { ...FETCHING, kind: 'service' as const }],
    ['starting: asks api.example.com', { ...FETCHING, detail: 'starting: asks api.example.com' }],
  ])('says "%s"', (line, node) => {
    const { word, rest } = nodeTruth(node, NOW);
    expect(word + rest).toBe(line);
  });
});
