import { expect, test } from 'vitest';

import { bytes, percent, sparkline } from './words';

test.each([
  [0, '0 KiB'],
  [1_048_575, '1023 KiB'],
  [36_175_872, '34.5 MiB'],
  [1_610_612_736, '1.5 GiB'],
])('%i bytes are %s', (count, words) => {
  expect(bytes(count)).toBe(words);
});

test.each([
  [0, '0.0 %'],
  [9.94, '9.9 %'],
  [9.96, '10 %'],
  [187.4, '187 %'],
])('%f of a core are %s', (cpu, words) => {
  expect(percent(cpu)).toBe(words);
});

test('a sparkline ends at the right, with the newest, and is never higher than its room', () => {
  expect(sparkline([0, 50, 100], 3, 60, 20, 10)).toBe('0,20 30,10 60,0');
  expect(sparkline([5, 5], 3, 60, 20, 10)).toBe('30,10 60,10');
  expect(sparkline([1, 2, 3, 4], 3, 60, 20, 4)).toBe('0,10 30,5 60,0');
  expect(sparkline([], 3, 60, 20, 10)).toBe('');
});
