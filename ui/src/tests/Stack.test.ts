import { fireEvent, screen } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { choose, click, open, pass, useFakeClock } from './window';

useFakeClock();

const button = (testid: string) => screen.getByTestId<HTMLButtonElement>(testid);
const row = (name: string) => screen.getByTestId(`service-${name}`);
const status = () => screen.getByTestId('project-status').textContent;

describe('a project of which a start leaves something out', () => {
  test('is complete without it, in its line and its buttons', async () => {
    await open('selection');
    expect(status()).toBe('3 of 3 healthy');
    expect(screen.getByTestId('project-shop').textContent).toContain('3 of 3 healthy');
    expect(button('action-start-all').disabled).toBe(true);
    expect(button('action-start-all').classList.contains('primary')).toBe(false);
    expect(button('start-mail').disabled).toBe(false);
  });

  test('needs a start once one of the others is stopped', async () => {
    await open('selection');
    await click('stop-web');
    await pass(1_000);
    expect(button('action-start-all').disabled).toBe(false);
    expect(button('action-start-all').classList.contains('primary')).toBe(true);
  });

  test('counts what is left out from when somebody starts it', async () => {
    await open('selection');
    await click('start-mail');
    expect(status()).toBe('starting · 3 of 4 healthy');
    await pass(1_000);
    expect(status()).toBe('4 of 4 healthy');
  });

  test('says so quietly in its row, and why in its details', async () => {
    await open('selection');
    expect(row('mail').textContent).toContain('stopped · optional');
    expect(row('web').textContent).not.toContain('optional');
    expect(button('action-start-all').title).toBe('Start the project; left out: mail, load, console');
    await choose('mail');
    expect(screen.getByTestId('service-detail').textContent).toContain('it is manual, or of a profile');
  });

  test('leaves it alone when it starts', async () => {
    await open('selection', 'shop-next');
    await click('action-start-all');
    await pass(5_000);
    expect(status()).toBe('3 of 3 healthy');
    expect(row('mail').dataset['phase']).toBe('stopped');
    expect(row('migrate').dataset['phase']).toBe('exited');
  });
});

describe('the groups of a project', () => {
  const items = () => screen.getAllByRole('menuitem') as HTMLButtonElement[];

  test('are started from beside Start', async () => {
    const engine = await open('selection', 'shop-next');
    expect(screen.queryByRole('menu')).toBeNull();
    await click('start-groups');
    expect(items().map((item) => item.textContent?.trim().replace(/\s+/g, ' '))).toEqual([
      'Start back db, api',
      'Start by-hand mail, console',
      'Start with profile bench load',
      'Start with profile dev mail, load',
    ]);
    await click('start-group-back');
    expect(engine.requests).toContainEqual({
      command: 'stack.start',
      params: { project: 'shop-next', services: ['back'] },
    });
    expect(screen.queryByRole('menu')).toBeNull();
    await pass(5_000);
    expect(['db', 'api', 'web', 'mail'].map((name) => row(name).dataset['phase'])).toEqual([
      'running',
      'running',
      'stopped',
      'stopped',
    ]);
  });

  test('that run need no start', async () => {
    await open('selection');
    await click('start-groups');
    expect(items().map((item) => item.disabled)).toEqual([true, false, false, false]);
  });

  test('are gone through with keys, and left by Escape or a click elsewhere', async () => {
    await open('selection', 'shop-next');
    const opener = button('start-groups');
    await click(opener);
    expect(document.activeElement).toBe(items()[0]);
    await fireEvent.keyDown(items()[0]!, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(items()[1]);
    await fireEvent.keyDown(items()[1]!, { key: 'ArrowUp' });
    expect(document.activeElement).toBe(items()[0]);
    await fireEvent.keyDown(items()[0]!, { key: 'ArrowUp' });
    expect(document.activeElement).toBe(items()[3]);
    await fireEvent.keyDown(items()[3]!, { key: 'ArrowDown' });
    expect(document.activeElement).toBe(items()[0]);
    await fireEvent.keyDown(items()[0]!, { key: 'Escape' });
    expect(screen.queryByRole('menu')).toBeNull();
    expect(document.activeElement).toBe(opener);
    await click(opener);
    await fireEvent.pointerDown(document.body);
    expect(screen.queryByRole('menu')).toBeNull();
  });

  test('have no place where there are none', async () => {
    await open('8');
    expect(screen.queryByTestId('start-groups')).toBeNull();
  });
});

describe('the profiles of a project', () => {
  test('are started with beside its groups, and bring up what is always started too', async () => {
    const engine = await open('selection', 'shop-next');
    expect(button('start-groups').title).toBe('Start a group, or with a profile');
    await click('start-groups');
    await click('start-profile-dev');
    expect(engine.requests).toContainEqual({
      command: 'stack.start',
      params: { project: 'shop-next', services: [], profiles: ['dev'] },
    });
    await pass(6_000);
    expect(['web', 'mail', 'load', 'console'].map((name) => row(name).dataset['phase'])).toEqual([
      'running',
      'running',
      'running',
      'stopped',
    ]);
    await click('start-groups');
    expect(button('start-profile-dev').disabled).toBe(true);
  });
});

test('a project without services can be started, since that reads its configuration again', async () => {
  const engine = await open('failing', 'broken');
  expect(button('action-start-all').classList.contains('primary')).toBe(false);
  await click('action-start-all');
  expect(engine.requests).toContainEqual({
    command: 'stack.start',
    params: { project: 'broken', services: [] },
  });
});
