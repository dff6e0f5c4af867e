import { expect, test } from 'vitest';

import type { PortClaim } from '../rpc/rpc';
import { endable, parseRange, shownHolder, shownPort, targetOf } from './words';

const CLAIM: PortClaim = {
  port: 23828,
  protocol: 'tcp',
  project: 'shop',
  node: 'web',
  replica: 0,
  name: 'http',
  main: true,
  origin: 'hash',
  use: 'free',
};

test.each([
  [{}, '23828', '23828'],
  [{ protocol: 'udp' }, '23828/udp', '23828/udp'],
  [{ listens_on: 5173 }, '23828 → 5173', 'Listens on 5173, not on 23828'],
  [{ this_time: 24001 }, '23828 → 24001', '24001 until it is stopped, then 23828 again'],
] as const)('a port with %o is shown as %s', (changes, text, title) => {
  expect(shownPort({ ...CLAIM, ...changes })).toEqual({ text, title });
});

test.each([
  [{ user: 'ada', pid: 7, program: 'node' }, 'node (pid 7)'],
  [{ user: 'ada', pid: 7 }, 'a program (pid 7)'],
  [{ user: 'root' }, 'a program of root'],
  [{ user: 'root', pid: 7, container: 'db-1' }, 'container db-1'],
])('the holder %o is shown as %s', (holder, text) => {
  expect(shownHolder(holder)).toBe(text);
});

test('only a process that is named for ever can be ended', () => {
  const process = { user: 'ada', pid: 7, start_time: '99' };
  expect(endable(process)).toEqual(process);
  expect(endable({ user: 'ada', pid: 7 })).toBeUndefined();
  expect(endable({ user: 'ada', start_time: '99' })).toBeUndefined();
  expect(endable({ ...process, container: 'db-1' })).toBeUndefined();
  expect(endable(undefined)).toBeUndefined();
});

test('a command names a port unless it is the one that the service finds in PORT', () => {
  expect(targetOf(CLAIM)).toEqual({ project: 'shop', service: 'web' });
  expect(targetOf({ ...CLAIM, name: 'hmr', main: false })).toEqual({
    project: 'shop',
    service: 'web',
    name: 'hmr',
  });
});

test.each([
  ['5432', { first: 5432, last: 5432 }],
  [' 8000 - 8099 ', { first: 8000, last: 8099 }],
  ['8000–8099', { first: 8000, last: 8099 }],
  ['8099-8000', undefined],
  ['8000-', undefined],
  ['1-2-3', undefined],
  ['0', undefined],
  ['65536', undefined],
  ['http', undefined],
])('"%s" is read as %o', (text, range) => {
  expect(parseRange(text)).toEqual(range);
});
