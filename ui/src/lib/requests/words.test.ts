import { expect, test } from 'vitest';

import type { RequestRecord } from '../rpc/rpc';
import { asLine, size, statusTone, took, withPath } from './words';

// The same as in the tests of `kinfra requests`.
test.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_024, '1.0 KiB'],
  [1_048_550, '1.0 MiB'],
  [3 * 2 ** 29, '1.5 GiB'],
  [2 ** 43, '8192.0 GiB'],
])('%i bytes are %s', (bytes, words) => {
  expect(size(bytes)).toBe(words);
});

test.each([
  [0, '0.0 ms'],
  [320, '0.3 ms'],
  [9_949, '9.9 ms'],
  [12_345, '12 ms'],
  [999_600, '1.0 s'],
  [1_234_567, '1.2 s'],
  [125_000_000, '2 min 5 s'],
])('%i µs are %s', (micros, words) => {
  expect(took(micros)).toBe(words);
});

test.each([
  [200, ''],
  [304, ''],
  [404, 'busy'],
  [502, 'failed'],
])('a status of %i is coloured as "%s"', (status, tone) => {
  expect(statusTone(status)).toBe(tone);
});

const REQUEST: RequestRecord = {
  number: 1,
  at: new Date(2026, 10, 26, 5, 12, 38).getTime(),
  duration_us: 12_345,
  service: 'web',
  public: true,
  method: 'GET',
  host: 'web.shop.localhost',
  path: '/Cart',
  status: 502,
  received: 0,
  sent: 1_234,
  trouble: 'refused',
};

test('a request is copied as the line that kinfra requests prints', () => {
  expect(asLine(REQUEST)).toBe('05:12:38  web  502  12 ms  1.2 KiB  GET /Cart (public) · connection refused');
  const { service: _service, trouble: _trouble, ...more } = REQUEST;
  const elsewhere = asLine({ ...more, public: false }, true);
  expect(elsewhere).toBe('05:12:38  –  502  12 ms  1.2 KiB  GET web.shop.localhost/Cart');
});

test('a path is found by a part of it, whatever the case of its letters', () => {
  expect(withPath([REQUEST], ' cart ')).toEqual([REQUEST]);
  expect(withPath([REQUEST], 'cat')).toEqual([]);
  expect(withPath([REQUEST], ' ')).toEqual([REQUEST]);
});
