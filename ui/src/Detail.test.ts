import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import App from './App.svelte';
import { MockEngine } from './lib/backend/mock/engine';
import { scenario } from './lib/backend/mock/scenarios';
import { Session } from './lib/state/session.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

async function open(name: string): Promise<MockEngine> {
  const engine = new MockEngine(scenario(name), { paceMs: 1_000 });
  const session = new Session(engine);
  render(App, { session });
  await session.connect();
  await pass(50);
  return engine;
}

async function click(testid: string): Promise<void> {
  await fireEvent.click(screen.getByTestId(testid));
  await pass(50);
}

async function choose(service: string): Promise<void> {
  await fireEvent.click(within(screen.getByTestId(`service-${service}`)).getByText(service));
  await pass(50);
}

const detail = () => screen.getByTestId('service-detail');
const asked = (engine: MockEngine, command: string) =>
  engine.requests.filter((request) => request.command === command).length;

describe('the details of a service', () => {
  test('are shown once it is chosen, and left by button or key', async () => {
    await open('8');
    expect(screen.queryByTestId('service-detail')).toBeNull();
    await choose('api');
    expect(detail().getAttribute('aria-label')).toBe('About api');
    await click('close-detail');
    expect(screen.queryByTestId('service-detail')).toBeNull();
    await choose('api');
    screen.getByTestId('close-detail').focus();
    await fireEvent.keyDown(screen.getByTestId('close-detail'), { key: 'Escape' });
    await pass(50);
    expect(screen.queryByTestId('service-detail')).toBeNull();
  });

  test('say what it uses, every two seconds and only while they are on show', async () => {
    const engine = await open('8');
    await pass(10_000);
    expect(asked(engine, 'stack.usage')).toBe(0);
    await choose('api');
    expect(screen.getByTestId('usage').textContent).toMatch(/CPU\s*[\d.]+ %.*Memory\s*[\d.]+ MiB/s);
    expect(asked(engine, 'stack.usage')).toBe(1);
    await pass(4_000);
    expect(asked(engine, 'stack.usage')).toBe(3);
    await click('close-detail');
    await pass(10_000);
    expect(asked(engine, 'stack.usage')).toBe(3);
  });

  test('say what happened to it, newest first, and follow what happens', async () => {
    const engine = await open('8');
    await choose('api');
    const told = () =>
      within(screen.getByTestId('timeline'))
        .getAllByRole('listitem')
        .map((item) => item.querySelector('.text')?.textContent);
    expect(told()).toEqual(['is healthy', 'started']);
    engine.crash('shop', 'api');
    await pass(50);
    expect(told()[0]).toBe('exited with code 1');
    const before = asked(engine, 'events.read');
    await pass(1_500);
    // Nothing happens while it waits for its next try, and nothing is asked but once more after the crash.
    expect(asked(engine, 'events.read')).toBe(before + 1);
    await pass(1_000);
    expect(told()[0]).toMatch(/^started, pid \d+$/);
  });

  test('of one that crashed have its last lines, the next try, and a button for it now', async () => {
    const engine = await open('8');
    await choose('api');
    expect(screen.queryByTestId('trouble')).toBeNull();
    engine.crash('shop', 'api');
    await pass(0);
    expect(screen.getByTestId('detail-truth').textContent).toBe('exited with code 1, next try in 2 s');
    expect(screen.getByTestId('last-lines').textContent).toContain('panic: connection refused\n');
    expect(screen.queryByTestId('usage')).toBeNull();
    await click('retry');
    expect(engine.requests).toContainEqual({
      command: 'stack.start',
      params: { project: 'shop', services: ['api'] },
    });
    expect(screen.queryByTestId('trouble')).toBeNull();
    await pass(1_500);
    expect(screen.getByTestId('detail-truth').textContent).toContain('healthy');
  });

  test('of one that failed say why, with what to do about it', async () => {
    await open('failing');
    await choose('search');
    expect(screen.getByTestId('trouble').textContent).toContain('Install it, or correct "run"');
    expect(screen.queryByTestId('last-lines')).toBeNull();
    await choose('cache');
    expect(screen.getByTestId('detail-truth').textContent).toBe(
      'crash loop · exited with code 1, 5 times in a row',
    );
    expect(screen.getByTestId('last-lines')).toBeTruthy();
  });

  test('of one that is stopping count down to its kill', async () => {
    await open('8');
    await choose('db');
    await click('stop-db');
    expect(screen.getByTestId('detail-truth').textContent).toMatch(/^stopping, kill in (9|10) s$/);
  });
});

describe('the graph', () => {
  const box = (name: string) => screen.getByTestId(`graph-${name}`);
  const edge = (from: string, to: string) =>
    screen.getByTestId('service-graph').querySelector(`[data-edge="${from} ${to}"]`)!;

  test('takes the place of the list, for each project, and gives it back', async () => {
    await open('8');
    await click('as-graph');
    expect(screen.queryByTestId('service-db')).toBeNull();
    expect(box('db').textContent).toContain('healthy');
    expect(screen.getByTestId('as-graph').getAttribute('aria-pressed')).toBe('true');
    await click('project-blog');
    expect(box('store')).toBeTruthy();
    await click('as-list');
    expect(screen.queryByTestId('service-graph')).toBeNull();
    expect(screen.getByTestId('service-store')).toBeTruthy();
  });

  test('has a line for each dependency, and marks those that are waited for', async () => {
    await open('8');
    await click('as-graph');
    await click('project-blog');
    expect(edge('store', 'web').classList.contains('waited')).toBe(false);
    await click('action-start-all');
    expect(edge('store', 'web').classList.contains('waited')).toBe(true);
    expect(box('web').getAttribute('aria-label')).toBe('web: waits for store; starts after store');
    await pass(1_100);
    expect(edge('store', 'web').classList.contains('waited')).toBe(false);
    expect(box('web').dataset['phase']).toBe('starting');
  });

  test('says of a line what is waited for where that is not health', async () => {
    await open('30');
    await click('as-graph');
    expect(edge('migrate', 'users').classList.contains('completed')).toBe(true);
    expect(edge('kafka', 'buckets').classList.contains('started')).toBe(true);
    const legend = screen.getByTestId('service-graph').textContent;
    expect(legend).toContain('once started');
    expect(legend).toContain('once completed');
    expect(box('users').getAttribute('aria-label')).toContain('migrate (completed)');
  });

  test('shows the details of a box that is chosen', async () => {
    await open('8');
    await click('as-graph');
    box('api').focus();
    expect(document.activeElement).toBe(box('api'));
    await click('graph-api');
    expect(detail().getAttribute('aria-label')).toBe('About api');
    expect(edge('db', 'api').classList.contains('near')).toBe(true);
    expect(edge('db', 'search').classList.contains('near')).toBe(false);
    await click('graph-api');
    expect(screen.queryByTestId('service-detail')).toBeNull();
  });

  test('without a line or a service says so', async () => {
    await open('1');
    await click('as-graph');
    expect(screen.getByTestId('service-graph').textContent).toContain('No service depends on another one');
  });
});
