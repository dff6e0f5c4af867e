import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { ReadRequests, RequestPage, RequestRecord } from '../rpc/rpc';
import { MOST_REQUESTS, RequestFollower } from './follower.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const QUERY = { project: 'shop', service: undefined, failed: false };

function record(number: number): RequestRecord {
  const what = { public: false, method: 'GET', host: 'web.shop.localhost', path: '/', status: 200 };
  return { number, at: 0, duration_us: 1, received: 0, sent: 0, ...what };
}

const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => record(from + index));

/** Answers only when it is told to. */
class Engine {
  readonly asked: ReadRequests[] = [];
  #waiting: { answer: (page: RequestPage) => void; refuse: (failure: unknown) => void }[] = [];

  read = (params: ReadRequests): Promise<RequestPage> => {
    this.asked.push(params);
    return new Promise((answer, refuse) => this.#waiting.push({ answer, refuse }));
  };

  async answer(requests: RequestRecord[], cursor: number): Promise<void> {
    this.#waiting.shift()!.answer({ requests, cursor });
    await vi.advanceTimersByTimeAsync(100);
  }

  async fail(): Promise<void> {
    this.#waiting.shift()!.refuse({ problems: [{ code: 'engine_unreachable', message: 'No engine.' }] });
    await vi.advanceTimersByTimeAsync(500);
  }
}

const numbers = (follower: RequestFollower) => follower.requests.map((request) => request.number);

test('one read at a time is open, which waits in the engine for what comes after the cursor', async () => {
  const engine = new Engine();
  const follower = new RequestFollower(engine.read);
  follower.open({ ...QUERY, service: 'web', failed: true });
  expect(engine.asked).toEqual([
    { project: 'shop', services: ['web'], failed: true, after: 0, limit: 1_000, wait_ms: 0 },
  ]);
  await engine.answer([record(7)], 9);
  expect(engine.asked[1]).toMatchObject({ after: 9, wait_ms: 20_000 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(engine.asked).toHaveLength(2);
  await engine.answer([record(12)], 12);
  expect(numbers(follower)).toEqual([7, 12]);
  follower.close();
});

test('nothing is read once it is closed', async () => {
  const engine = new Engine();
  const follower = new RequestFollower(engine.read);
  follower.open(QUERY);
  await engine.answer([record(1)], 1);
  follower.close();
  await engine.answer([record(2)], 2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([engine.asked.length, numbers(follower)]).toEqual([2, [1]]);
});

test('no more are kept than the proxy keeps, the newest', async () => {
  const engine = new Engine();
  const follower = new RequestFollower(engine.read);
  follower.open(QUERY);
  await engine.answer(records(1, 900), 900);
  await engine.answer(records(901, 1_300), 1_300);
  expect(follower.requests).toHaveLength(MOST_REQUESTS);
  expect([numbers(follower)[0], numbers(follower).at(-1)]).toEqual([301, 1_300]);
  follower.close();
});

test('a new engine, whose numbers begin again, takes the place of the old one', async () => {
  const engine = new Engine();
  const follower = new RequestFollower(engine.read);
  follower.open(QUERY);
  await engine.answer(records(40, 50), 50);
  await engine.answer(records(1, 2), 2);
  expect(numbers(follower)).toEqual([1, 2]);
  expect(engine.asked[2]).toMatchObject({ after: 2 });
  await engine.answer([record(3)], 3);
  expect(numbers(follower)).toEqual([1, 2, 3]);
  follower.close();
});

test('a read that fails is told and tried again from the beginning, and what is there stays meanwhile', async () => {
  const engine = new Engine();
  const follower = new RequestFollower(engine.read);
  follower.open(QUERY);
  await engine.answer([record(4)], 4);
  await engine.fail();
  expect([follower.problem?.message, numbers(follower)]).toEqual(['No engine.', [4]]);
  expect(engine.asked[2]).toMatchObject({ after: 0, wait_ms: 0 });
  await engine.answer([record(4), record(5)], 5);
  expect([follower.problem, numbers(follower)]).toEqual([undefined, [4, 5]]);
  follower.close();
});

test('an answer to what was asked before is none to what is asked now', async () => {
  const engine = new Engine();
  const follower = new RequestFollower(engine.read);
  follower.open(QUERY);
  follower.open({ ...QUERY, service: 'api' });
  await engine.answer([record(1)], 1);
  expect([follower.loaded, numbers(follower)]).toEqual([false, []]);
  await engine.answer([record(2)], 2);
  expect([follower.loaded, numbers(follower)]).toEqual([true, [2]]);
  follower.close();
});
