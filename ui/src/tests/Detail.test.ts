import { fireEvent, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { asked, choose, click, open, pass, useFakeClock } from './window';

useFakeClock();

const detail = () => screen.getByTestId('service-detail');

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
    await choose('web');
    await click('stop-web');
    expect(screen.getByTestId('detail-truth').textContent).toMatch(/^stopping, kill in (9|10) s$/);
  });

  test('of one that others still need say after whom it stops', async () => {
    await open('8');
    await choose('api');
    await click('stop-api');
    expect(screen.getByTestId('detail-truth').textContent).toBe('healthy · stops after web');
  });

  test('leave it stopped by a stop that comes while it restarts', async () => {
    const engine = await open('8');
    await choose('web');
    await click('restart-web');
    await click('stop-web');
    await pass(6_000);
    expect(engine.requests.map(({ command }) => command)).toContain('stack.restart');
    expect(screen.getByTestId('service-web').dataset['phase']).toBe('stopped');
  });

  test('restart it together with what depends on it and runs', async () => {
    const engine = await open('8');
    await choose('db');
    const restart = () => screen.getByTestId<HTMLButtonElement>('restart-with-dependants');
    expect(restart().title).toBe('Also restarts api, search, worker, web, admin');
    await click('stop-web');
    await pass(1_000);
    expect(restart().title).toBe('Also restarts api, search, worker, admin');
    await click('restart-with-dependants');
    expect(engine.requests).toContainEqual({
      command: 'stack.restart',
      params: { project: 'shop', services: ['db'], dependants: true },
    });
    const phase = (name: string) => screen.getByTestId(`service-${name}`).dataset['phase'];
    expect(['db', 'api', 'admin', 'cache', 'web'].map(phase)).toEqual([
      'running',
      'running',
      'stopping',
      'running',
      'stopped',
    ]);
    await pass(6_000);
    expect(['db', 'api', 'admin', 'web'].map(phase)).toEqual(['running', 'running', 'running', 'stopped']);
  });

  test('offer no such restart where nothing depends on it, or nothing of that runs', async () => {
    await open('8');
    await choose('web');
    expect(screen.queryByTestId('restart-with-dependants')).toBeNull();
    await click('project-blog');
    await choose('store');
    const restart = screen.getByTestId<HTMLButtonElement>('restart-with-dependants');
    expect([restart.disabled, restart.title]).toEqual([true, 'Nothing that depends on it runs']);
  });

  test('start, stop and restart it, also where there are no rows', async () => {
    const engine = await open('8');
    await click('as-graph');
    await click('graph-api');
    await click('detail-restart-api');
    expect(engine.requests).toContainEqual({
      command: 'stack.restart',
      params: { project: 'shop', services: ['api'] },
    });
  });
});
