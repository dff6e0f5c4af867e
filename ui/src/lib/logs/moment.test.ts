import { describe, expect, test } from 'vitest';

import { moment } from './moment';

/** 14:02:11 where these tests are run. */
const NOW = new Date(2026, 6, 23, 14, 2, 11).getTime();
const local = (...parts: [number, number, number, number, number, number?, number?]) =>
  new Date(...(parts as [number, number, number, number, number])).getTime();

describe('a moment', () => {
  test.each([
    ['10m', 10 * 60],
    ['1h30m', 90 * 60],
    ['1h5min', 65 * 60],
    ['1d', 86_400],
    ['0s', 0],
  ])('%s is counted back from now', (text, seconds) => {
    expect(moment(text, NOW)).toBe(NOW - seconds * 1000);
  });

  test.each([
    ['14:02', local(2026, 6, 23, 14, 2)],
    ['14:02:10.5', local(2026, 6, 23, 14, 2, 10, 500)],
    ['23:50', local(2026, 6, 22, 23, 50)],
  ])('%s is the last one that was', (text, at) => {
    expect(moment(text, NOW)).toBe(at);
  });

  test.each([
    ['2026-07-01T00:00:00Z', Date.UTC(2026, 6, 1)],
    ['2026-07-01T02:00:00.25+02:00', Date.UTC(2026, 6, 1, 0, 0, 0, 250)],
    ['2026-07-01T02:00', local(2026, 6, 1, 2, 0)],
    ['2026-07-01 02:00:00', local(2026, 6, 1, 2, 0)],
    ['2026-07-01', local(2026, 6, 1, 0, 0)],
  ])('%s is that one, and without an offset meant here', (text, at) => {
    expect(moment(text, NOW)).toBe(at);
  });

  test.each([
    '',
    '10',
    'm',
    '10x',
    'yesterday',
    '25:00',
    '-5m',
    '99999999999999999d',
    '1960-01-01T00:00:00Z',
    '2026-02-31',
  ])('is not what "%s" says', (text) => {
    expect(moment(text, NOW)).toBeUndefined();
  });
});
