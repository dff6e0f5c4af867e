import { expect, test } from 'vitest';

import { stoppedNode } from '../backend/mock/plans';
import { lifeMark, moment, tone } from './words';

const NOW = new Date(2026, 10, 23, 14, 2, 11).getTime();

test('a time of another day says which', () => {
  expect(moment(NOW - 60_000, NOW)).toBe('14:01:11');
  const yesterday = moment(NOW - 86_400_000, NOW);
  expect(yesterday).toContain('22');
  expect(yesterday).toMatch(/ 14:02:11$/);
});

test('what went wrong is told from what only happened', () => {
  expect([tone('ready'), tone('restarting'), tone('crash_looping'), tone('started')]).toEqual([
    'good',
    'warning',
    'bad',
    'plain',
  ]);
});

test('a new figure of a probe is nothing that happened, a restart is', () => {
  const node = stoppedNode({ slug: 'shop', folder: '/shop', services: [] }, { name: 'api' });
  expect(lifeMark({ ...node, detail: 'healthy · 9 ms' })).toBe(lifeMark(node));
  expect(lifeMark({ ...node, restarts: 1 })).not.toBe(lifeMark(node));
});
