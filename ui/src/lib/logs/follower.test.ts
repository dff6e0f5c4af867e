import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { MockLogs } from '../backend/mock/logs';
import type { LogPage, ReadLogs } from '../rpc/rpc';
import { LogFollower, MOST_LINES } from './follower.svelte';

let logs: MockLogs;
let follower: LogFollower;
let reads: ReadLogs[];

beforeEach(() => {
  vi.useFakeTimers();
  logs = new MockLogs();
  reads = [];
  follower = new LogFollower((params) => {
    reads.push(params);
    return logs.read(params);
  });
});

afterEach(() => {
  follower.close();
  vi.useRealTimers();
});

function print(text: string, service = 'web'): void {
  logs.append('shop', { service, stream: 'stdout', time: 0, text });
}

const texts = () => follower.lines.map((line) => line.text);
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe('a log follower', () => {
  test('shows the newest lines, then each further one', async () => {
    print('one');
    follower.open({ project: 'shop' });
    await pass(200);
    expect(texts()).toEqual(['one']);
    print('two');
    await pass(200);
    print('three');
    await pass(200);
    expect(texts()).toEqual(['one', 'two', 'three']);
  });

  test('waits in the engine for the next line and does not ask over and over', async () => {
    follower.open({ project: 'shop' });
    await pass(10_000);
    expect(reads).toHaveLength(2);
    expect(reads[1]).toMatchObject({ after: '0', wait_ms: 20_000 });
  });

  test('asks at most ten times a second, even if the engine does not wait', async () => {
    const read = vi.fn(async (): Promise<LogPage> => ({ lines: [], runs: [], cursor: '0' }));
    follower = new LogFollower(read);
    follower.open({ project: 'shop' });
    await pass(1_000);
    expect(read.mock.calls.length).toBeLessThanOrEqual(11);
  });

  test('asks only for the service and the text that are wanted', async () => {
    print('GET /', 'web');
    print('GET /', 'api');
    print('POST /', 'api');
    follower.open({ project: 'shop', service: 'api', pattern: 'get' });
    await pass(200);
    expect(follower.lines.map(({ service, text }) => [service, text])).toEqual([['api', 'GET /']]);
  });

  test('keeps the old lines until the first page of a new query is there, and none after', async () => {
    print('one');
    follower.open({ project: 'shop' });
    await pass(200);
    follower.open({ project: 'shop', pattern: 'two' });
    expect(texts()).toEqual(['one']);
    expect(follower.loaded).toBe(false);
    await pass(200);
    expect(texts()).toEqual([]);
    expect(follower.loaded).toBe(true);
  });

  test('ignores the late answer of an earlier query', async () => {
    const answers: ((page: LogPage) => void)[] = [];
    follower = new LogFollower(() => new Promise((resolve) => answers.push(resolve)));
    const page = (text: string): LogPage => ({
      lines: [{ service: 'web', stream: 'stdout', time: 0, run: 1, text }],
      runs: [],
      cursor: '1',
    });
    follower.open({ project: 'shop' });
    follower.open({ project: 'blog' });
    answers[1]?.(page('new'));
    answers[0]?.(page('late'));
    await pass(50);
    expect(texts()).toEqual(['new']);
  });

  test('keeps a bounded number of lines, the newest', async () => {
    follower.open({ project: 'shop' });
    await pass(200);
    for (let index = 0; index < MOST_LINES + 500; index += 1) print(String(index));
    await pass(2_000);
    expect(follower.lines).toHaveLength(MOST_LINES);
    expect(texts().at(-1)).toBe(String(MOST_LINES + 499));
  });

  test('reads nothing while paused, and catches up when resumed', async () => {
    follower.open({ project: 'shop' });
    await pass(200);
    follower.pause();
    print('one');
    await pass(200);
    const before = reads.length;
    print('two');
    await pass(60_000);
    expect(reads).toHaveLength(before);
    follower.resume();
    await pass(200);
    expect(texts()).toEqual(['one', 'two']);
  });

  test('tells why a read failed, tries again, and is quiet once it works', async () => {
    let broken = true;
    print('one');
    follower = new LogFollower((params) =>
      broken ? Promise.reject({ problems: [{ code: 'io', message: 'Disk gone.' }] }) : logs.read(params),
    );
    follower.open({ project: 'shop' });
    await pass(100);
    expect(follower.problem?.message).toBe('Disk gone.');
    broken = false;
    await pass(5_000);
    expect(follower.problem).toBeUndefined();
    expect(texts()).toEqual(['one']);
  });

  test('asks for the run, the time and the lines that are chosen, each time', async () => {
    const since = Date.now() - 5 * 60_000;
    follower.open({ project: 'shop', run: -1, since, pattern: 'x', invert: true });
    await pass(21_000);
    expect(reads.length).toBeGreaterThan(1);
    const filter = { services: [], run: -1, since, pattern: 'x', invert: true };
    for (const read of reads) expect(read.filter).toEqual(filter);
  });

  test('ends with the moment that bounds it', async () => {
    const until = Date.now() + 5_000;
    follower.open({ project: 'shop', until });
    await pass(200);
    print('in time');
    await pass(200);
    expect(texts()).toEqual(['in time']);
    await pass(6_000);
    expect(reads.at(-1)).toMatchObject({ wait_ms: 0, filter: { until } });
    const before = reads.length;
    await pass(60_000);
    expect(reads).toHaveLength(before);
  });

  test('knows the first line of a run that follows another one', async () => {
    logs.begin('shop', 'web', 1_000);
    print('one');
    follower.open({ project: 'shop' });
    await pass(200);
    logs.begin('shop', 'web', 2_000);
    print('two');
    print('more');
    await pass(200);
    expect(follower.lines.map((line) => line.begins)).toEqual([
      undefined,
      { service: 'web', run: 2, started_at: 2_000 },
      undefined,
    ]);
  });

  test('does not ask again for what was refused', async () => {
    const read = vi.fn(() =>
      Promise.reject({ problems: [{ code: 'invalid_request', message: 'unclosed' }] }),
    );
    follower = new LogFollower(read);
    follower.open({ project: 'shop', pattern: '(' });
    await pass(60_000);
    expect(read).toHaveBeenCalledTimes(1);
    expect(follower.problem?.message).toBe('unclosed');
  });

  test('keeps a bounded amount of text', async () => {
    follower.open({ project: 'shop' });
    await pass(200);
    const long = 'x'.repeat(1_000_000);
    for (let index = 0; index < 8; index += 1) print(long);
    await pass(200);
    expect(follower.lines).toHaveLength(4);
  });
});
