import { fireEvent, render, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';

import App from '../App.svelte';
import { MockEngine } from '../lib/backend/mock/engine';
import { scenario } from '../lib/backend/mock/scenarios';
import { Session } from '../lib/state/session.svelte';

async function open(engine = new MockEngine(scenario('8'))): Promise<MockEngine> {
  const session = new Session(engine);
  render(App, { session });
  await session.connect();
  await fireEvent.click(await screen.findByTestId('show-settings'));
  return engine;
}

const theSwitch = () => screen.findByRole('switch', { name: 'Start at login and restore what ran' });
const changes = (engine: MockEngine) =>
  engine.requests.filter(({ command }) => command === 'settings.change').map(({ params }) => params);

test('the switch shows what the settings say and changes just that', async () => {
  const engine = await open();
  expect((await theSwitch()).getAttribute('aria-checked')).toBe('false');
  expect(screen.getByTestId('settings-file').textContent.trim()).toBe(
    '/home/ada/.config/kinfra/settings.yaml',
  );
  expect(screen.getByText(/There is no such file yet/)).toBeTruthy();
  expect(screen.getByText('128 MiB')).toBeTruthy();

  await fireEvent.click(await theSwitch());
  await expect.poll(async () => (await theSwitch()).getAttribute('aria-checked')).toBe('true');
  expect(screen.getByText(/What you write there/)).toBeTruthy();
  expect(changes(engine)).toEqual([{ restore: true }]);
  expect(engine.snapshot.engine.restore).toBe(true);
});

test('a switch elsewhere is seen here', async () => {
  const engine = await open();
  await theSwitch();
  await engine.call({ command: 'settings.change', params: { restore: true } });
  await expect.poll(async () => (await theSwitch()).getAttribute('aria-checked')).toBe('true');
});

test('a file that can not be changed is told, and the switch stays as it is', async () => {
  const engine = new MockEngine(scenario('8'));
  const call = engine.call.bind(engine);
  const problem = { code: 'invalid_request', message: 'restore can’t be changed', hint: 'write it yourself' };
  engine.call = (request) =>
    request.command === 'settings.change' ? Promise.reject({ problems: [problem] }) : call(request);
  await open(engine);
  await fireEvent.click(await theSwitch());
  const told = await screen.findByTestId('settings-problems');
  expect(told.textContent).toContain('restore can’t be changed');
  expect(told.textContent).toContain('write it yourself');
  expect((await theSwitch()).getAttribute('aria-checked')).toBe('false');
});
