import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';

import App from '../App.svelte';
import { MockEngine } from '../lib/backend/mock/engine';
import { LEFT_BEHIND } from '../lib/backend/mock/migrationScenario';
import { scenario } from '../lib/backend/mock/scenarios';
import { Session } from '../lib/state/session.svelte';

async function open(engine = new MockEngine(scenario('left'), { paceMs: 1 })): Promise<MockEngine> {
  const session = new Session(engine);
  render(App, { session });
  await session.connect();
  return engine;
}

const card = () => screen.findByTestId('migration-card');
const press = async (name: string, place: HTMLElement) =>
  fireEvent.click(await within(place).findByRole('button', { name }));
const sent = (engine: MockEngine) =>
  engine.requests.map(({ command }) => command).filter((command) => command.startsWith('migration.'));

test('at first start it says what there is to move over, and changes nothing by itself', async () => {
  const engine = await open();
  expect((await card()).textContent).toContain('Move over from KInfra 1.0: 4 ports of 3 projects');
  expect(sent(engine)).toEqual(['migration.plan']);
});

test('the plan can be reviewed, done and undone', async () => {
  const engine = await open();
  await press('Review', await card());
  const view = await screen.findByTestId('migration-view');
  const ofPython = within(view).getByTestId('migrated-python');
  expect(ofPython.textContent).toContain('it is left alone');
  expect(ofPython.textContent).toContain('https://example.com/api');
  expect(within(view).getByTestId('migrated-zen').textContent).toContain('which runs on (pid 4812)');
  expect(within(view).getByTestId('migration-set-aside').textContent).toContain('it is no JSON');
  expect(view.textContent).toContain('kinfra tunnels adopt api-tunnel');
  expect(within(view).queryByRole('button', { name: 'Undo' })).toBeNull();
  expect(sent(engine)).toEqual(['migration.plan']);

  await press('Move over', view);
  expect((await within(view).findByTestId('migration-done')).textContent).toContain(
    '/home/ada/.local/state/kinfra/migrations/1',
  );
  expect(within(view).getByTestId('migration-line').textContent).toBe('Nothing is left to do.');
  expect(within(view).queryByRole('button', { name: 'Move over' })).toBeNull();

  await press('Undo', view);
  expect((await within(view).findByTestId('migration-undone')).textContent).toContain(
    'zen is forgotten with its ports',
  );
  expect(await within(view).findByRole('button', { name: 'Move over' })).toBeTruthy();
  expect(within(view).queryByRole('button', { name: 'Undo' })).toBeNull();
});

test('Move over on the card does it and shows what was done', async () => {
  await open();
  await press('Move over', await card());
  expect(await screen.findByTestId('migration-done')).toBeTruthy();
});

test('Not now puts it aside, and the settings have it still', async () => {
  await open();
  await press('Not now', await card());
  await expect.poll(() => screen.queryByTestId('migration-card')).toBeNull();
  expect(screen.getByTestId('add-form')).toBeTruthy();
  await fireEvent.click(screen.getByTestId('show-settings'));
  await press('Review', await screen.findByTestId('settings-migration'));
  expect(await screen.findByTestId('migration-view')).toBeTruthy();
});

test('what is refused is told, and leaves all as it was', async () => {
  const engine = new MockEngine(scenario('left'));
  const call = engine.call.bind(engine);
  const problem = { code: 'io', message: 'nothing was done, since no backup can be made' };
  engine.call = (request) =>
    request.command === 'migration.apply' ? Promise.reject({ problems: [problem] }) : call(request);
  await open(engine);
  await press('Move over', await card());
  expect((await screen.findByRole('alert')).textContent).toContain('no backup can be made');
  expect(screen.getByTestId('migration-card')).toBeTruthy();
});

test('it is offered at first start only, and never where nothing was left', async () => {
  await open(new MockEngine({ ...scenario('8'), left: LEFT_BEHIND }));
  await fireEvent.click(await screen.findByTestId('show-settings'));
  expect(await screen.findByTestId('settings-migration')).toBeTruthy();
  await fireEvent.click(await screen.findByTestId('add-project'));
  expect(await screen.findByTestId('add-form')).toBeTruthy();
  expect(screen.queryByTestId('migration-card')).toBeNull();
});

test('where nothing was left nothing is offered', async () => {
  const engine = await open(new MockEngine(scenario('empty')));
  expect(await screen.findByTestId('add-form')).toBeTruthy();
  await expect.poll(() => sent(engine)).toEqual(['migration.plan']);
  expect(screen.queryByTestId('migration-card')).toBeNull();
});
