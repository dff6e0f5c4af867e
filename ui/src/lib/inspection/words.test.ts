import { describe, expect, test } from 'vitest';

import { stoppedProject } from '../backend/mock/plans';
import type { Inspection, NodeState, OfferedAction } from '../rpc/rpc';
import { actionKey, failureLook, isChanging, itemState, remaining, signInWords, vendorName } from './words';

const RESOURCE = { kind: 'neon', pauses: true, inspects: true };
const STOPPED = stoppedProject({
  slug: 'shop',
  folder: '/shop',
  services: [{ name: 'db', resource: RESOURCE }],
}).nodes[0]!;
const HEALTHY: NodeState = { ...STOPPED, wanted: 'running', phase: 'running', health: 'healthy' };
const PAUSED: NodeState = {
  ...HEALTHY,
  health: 'unknown',
  problem: { code: 'resource_paused', message: 'is paused' },
};
const EMPTY: Inspection = { vendor: 'Neon', sign_in: { who: '' }, facts: [], lists: [], actions: [] };
const action = (action: string, target?: string): OfferedAction => ({
  action,
  label: action,
  ...(target && { target }),
});

test('a vendor has a name before it has answered', () => {
  expect(vendorName(STOPPED, undefined)).toBe('Neon');
  expect(vendorName(STOPPED, { ...EMPTY, vendor: 'Neon, Inc.' })).toBe('Neon, Inc.');
});

describe('one of several things', () => {
  test.each([
    ['ready', 'good', { look: 'healthy', word: 'ready' }],
    ['BUILDING', 'changing', { look: 'busy', word: 'building' }],
    ['ACTIVE_UNHEALTHY', 'bad', { look: 'failed', word: 'active unhealthy' }],
    ['archived', 'quiet', { look: 'idle', word: 'archived' }],
    ['', 'bad', { look: 'failed', word: 'failed' }],
  ] as const)('that is "%s" and %s has a shape and a word', (state, tone, shown) => {
    expect(itemState({ name: 'main', state, tone })).toEqual(shown);
  });

  test('has a word of its own where the vendor has none', () => {
    expect(itemState({ name: 'main', tone: 'good' }).word).toBe('well');
  });
});

test('a vendor is at work while anything of it changes', () => {
  const list = (tone: 'good' | 'changing') => ({ title: 'Branches', items: [{ name: 'main', tone }] });
  expect(isChanging({ ...EMPTY, lists: [list('good')] })).toBe(false);
  expect(isChanging({ ...EMPTY, lists: [list('good'), list('changing')] })).toBe(true);
});

test('an action is the same with other words, and another with another target', () => {
  expect(actionKey(action('reset', 'a'))).toBe(actionKey({ ...action('reset', 'a'), label: 'Reset' }));
  expect(actionKey(action('reset', 'a'))).not.toBe(actionKey(action('reset', 'b')));
});

describe('what is offered beside the buttons of the resource', () => {
  const both = [action('pause'), action('resume'), action('create-branch'), action('pause', 'main')];
  const names = (node: NodeState) =>
    remaining(both, node).map(({ action, target }) => [action, target].filter(Boolean).join(' '));
  test.each([
    ['while it runs, it can be woken too', HEALTHY, ['resume', 'create-branch', 'pause main']],
    ['while it is paused', PAUSED, ['create-branch', 'pause main']],
    [
      'while it is stopped here, and runs there all the same',
      STOPPED,
      ['pause', 'resume', 'create-branch', 'pause main'],
    ],
  ])('%s', (_what, node, expected) => {
    expect(names(node)).toEqual(expected);
  });
});

test('what a credential lacks is told apart from what is not known of it', () => {
  expect(signInWords({ who: 'ada' })).toEqual({ lacks: [], unproven: undefined });
  expect(signInWords({ who: 'ada', missing: ['deploy'], unproven: ['roll back', 'delete'] })).toEqual({
    lacks: ['lacks deploy'],
    unproven: 'not proven before the first change: roll back, delete',
  });
});

test('that a vendor is not reached is no failure', () => {
  expect(failureLook({ code: 'resource_unreachable', message: '' })).toBe('idle');
  expect(failureLook({ code: 'resource_failed', message: '' })).toBe('failed');
});
