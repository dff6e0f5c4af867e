import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { NodeUsage } from '../rpc/rpc';
import { UsageFollower } from './follower.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const usage = (cpu_percent: number): NodeUsage => ({
  node: 'api',
  cpu_percent,
  memory_bytes: 1,
  descriptors: 1,
  processes: 1,
  threads: 1,
});

function hide(hidden: boolean) {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

test('it asks at once and every two seconds, and no more once it is closed', async () => {
  let asked = 0;
  const follower = new UsageFollower(async () => usage((asked += 1)));
  follower.open();
  await vi.advanceTimersByTimeAsync(4_500);
  expect([asked, follower.value?.cpu_percent, follower.history]).toEqual([3, 3, [1, 2, 3]]);
  follower.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(3);
});

test('it asks nothing while the window is hidden, and at once when it is seen again', async () => {
  let asked = 0;
  const follower = new UsageFollower(async () => usage((asked += 1)));
  hide(true);
  follower.open();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(0);
  hide(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toBe(1);
  hide(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(1);
  follower.close();
});

test('a slow answer is waited for, and an error is kept until the next answer', async () => {
  let asked = 0;
  const follower = new UsageFollower(async () => {
    asked += 1;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    if (asked === 1) throw { problems: [{ code: 'internal', message: 'no keeper' }] };
    return usage(7);
  });
  follower.open();
  await vi.advanceTimersByTimeAsync(6_000);
  expect([asked, follower.problem?.message]).toEqual([1, 'no keeper']);
  await vi.advanceTimersByTimeAsync(6_500);
  expect([asked, follower.problem, follower.value?.cpu_percent]).toEqual([2, undefined, 7]);
  follower.close();
});
