import { describe, expect, test } from 'vitest';

import type { Exposure, NodeState, TunnelStatus } from '../rpc/rpc';
import {
  downWords,
  fare,
  left,
  leftWords,
  patternOf,
  publicLine,
  shownUrl,
  tunnelFare,
  tunnelWord,
  worstLook,
} from './words';

const exposure = (status: TunnelStatus, reason = ''): Exposure => ({ kind: 'quick', status, reason });
const node = (...statuses: TunnelStatus[]) =>
  ({ name: 'web', exposures: statuses.map((status) => exposure(status)) }) as unknown as NodeState;
const line = ({ word, rest }: { word: string; rest: string }) => word + rest;

describe('how a public name fares', () => {
  test.each<[TunnelStatus, string, string]>([
    ['healthy', '1 connection', 'public: anyone with the link'],
    ['connecting', 'starting cloudflared', 'connecting…'],
    ['degraded', '1 of 4 connections left', 'degraded: 1 of 4 connections left'],
    ['down', 'no connection with Cloudflare', 'down: no connection with Cloudflare'],
    ['down', '', 'down'],
    ['unauthorised', 'Cloudflare refuses the tunnel', 'Cloudflare refuses the tunnel'],
    ['deleted', '', 'deleted'],
    ['off', 'not shared', 'not shared'],
    ['off', 'its time is over', 'off · its time is over'],
  ])('%s, %s', (status, reason, said) => {
    expect(line(fare(exposure(status, reason)))).toBe(said);
  });

  test('is the worst of several, and nothing where nothing is open', () => {
    expect(worstLook([node('healthy', 'off')])).toBe('public');
    expect(worstLook([node('healthy', 'connecting')])).toBe('busy');
    expect(worstLook([node('healthy'), node('degraded', 'connecting')])).toBe('degraded');
    expect(worstLook([node('degraded', 'deleted')])).toBe('failed');
    expect(worstLook([node('off'), node()])).toBeUndefined();
  });

  test('is said beside how the service is, unless it is well', () => {
    expect([node('healthy'), node('off'), node('down'), node('connecting')].map(tunnelWord)).toEqual([
      undefined,
      undefined,
      'tunnel down',
      'tunnel connecting',
    ]);
    expect(downWords([node('down', 'down'), node('healthy'), node('unauthorised')])).toBe('2 down');
    expect(downWords([node('degraded')])).toBeUndefined();
  });
});

test('a tunnel says its connections only where some are lost: they are counted beside it', () => {
  expect(line(tunnelFare(exposure('healthy', '4 connections')))).toBe('healthy');
  expect(line(tunnelFare(exposure('degraded', '1 of 4 connections left')))).toBe(
    'degraded: 1 of 4 connections left',
  );
  expect(line(tunnelFare(exposure('unauthorised', 'Cloudflare refuses the tunnel')))).toBe(
    'Cloudflare refuses the tunnel',
  );
});

test('what is public is counted in services', () => {
  expect([0, 1, 3].map(publicLine)).toEqual([
    'Nothing is public',
    'Public: anyone with the link',
    '3 services are public: anyone with the link',
  ]);
});

test('an end is told by how long it is until then', () => {
  expect(leftWords(3_600_000, 100_000)).toBe('ends in 58 min');
  expect(leftWords(3_600_000, 3_600_000)).toBe('ends now');
  expect([7_200_000, 7_199_999, 3_600_000, 59_000].map((ms) => left(ms, 0))).toEqual([
    '2 h',
    '1 h 59 min',
    '1 h',
    '59 s',
  ]);
});

test('a URL is shown without what all begin with', () => {
  expect(shownUrl('https://calm-river.trycloudflare.com/')).toBe('calm-river.trycloudflare.com');
  expect(shownUrl('https://shop.example.com/api')).toBe('shop.example.com/api');
});

test('a name that stands for many is its pattern', () => {
  const places = (...hosts: string[]) =>
    ({ published: hosts.map((host) => ({ host, path: '/' })) }) as unknown as NodeState;
  expect(patternOf(places('api.example.com', '*.example.com'))).toBe('*.example.com');
  expect(patternOf(places('api.example.com'))).toBeUndefined();
});
