import { describe, expect, test } from 'vitest';

import adapter from '../../../../src-tauri/crates/engine/src/resource_manager/adapters/cloud/adapter.rs?raw';
import tray from '../../../../src-tauri/crates/tray/src/words.rs?raw';
import { stoppedProject } from '../backend/mock/plans';
import type { ErrorCode, NodeState } from '../rpc/rpc';
import { isPauseUnderWay, pauseAction, pausedBy, pauseTruth } from './pauses';

const RESOURCE = { kind: 'neon', pauses: true, inspects: true };
const STOPPED = stoppedProject({
  slug: 'shop',
  folder: '/shop',
  services: [{ name: 'db', resource: RESOURCE }],
}).nodes[0]!;
const HEALTHY: NodeState = { ...STOPPED, wanted: 'running', phase: 'running', health: 'healthy' };

function paused(code: ErrorCode, message: string): NodeState {
  return { ...HEALTHY, health: 'unknown', detail: message, problem: { code, message } };
}

const here = (message: string) => paused('resource_paused', message);
const resuming = (message: string) => paused('resource_resuming', message);
const vendor = (message: string) => paused('resource_paused_by_vendor', message);

describe('a paused resource says', () => {
  test.each([
    ['paused', '', here('is paused')],
    ['paused', ', as it was not used for 2.0 h', here('is paused, as it was not used for 2.0 h')],
    ['pausing', ' · 5 s so far', here('is being paused · 5 s so far')],
    ['pausing', '', here('is being paused')],
    ['resuming', ' · 1 min 20 s so far', resuming('is being resumed · 1 min 20 s so far')],
    ['paused by Neon', ' · disabled', vendor('Neon has paused it: disabled')],
    ['paused by Supabase', '', vendor('Supabase has paused it')],
    ['paused by its vendor', ' · on hold', vendor('on hold')],
  ])('"%s%s"', (word, rest, node) => {
    expect(pauseTruth(node)).toEqual({ word, rest });
  });

  test('nothing once it has stopped, or while it is well', () => {
    expect(pauseTruth(HEALTHY)).toBeUndefined();
    expect(pauseTruth({ ...here('is paused'), phase: 'stopping' })).toBeUndefined();
  });
});

test('the engine says these words, and the menu reads the same', () => {
  for (const words of [
    '"is being paused"',
    '"is paused"',
    '"is being resumed"',
    '"{vendor} has paused it: {word}"',
  ])
    expect(adapter).toContain(words);
  expect(tray).toContain('"is being paused"');
});

test('who has paused it is told apart', () => {
  expect([HEALTHY, here('is paused'), vendor('Neon has paused it')].map(pausedBy)).toEqual([
    undefined,
    'here',
    'vendor',
  ]);
});

describe('its one button', () => {
  test.each([
    ['pause', true, HEALTHY],
    ['pause', true, { ...HEALTHY, health: 'degraded' as const }],
    ['pause', false, { ...HEALTHY, phase: 'starting' as const, health: 'starting' as const }],
    ['pause', false, STOPPED],
    ['resume', true, here('is paused')],
    ['resume', true, vendor('Neon has paused it: disabled')],
    ['resume', false, resuming('is being resumed · 3 s so far')],
    ['resume', false, here('is being paused')],
  ])('does %s, %s, case %#', (action, enabled, node) => {
    expect(pauseAction(node)).toMatchObject({ action, enabled });
    expect(isPauseUnderWay(node)).toBe(action === 'resume' && !enabled);
  });

  test('is not there where nothing can be paused', () => {
    expect(pauseAction({ ...HEALTHY, resource: { kind: 'docker' } })).toBeUndefined();
  });
});
