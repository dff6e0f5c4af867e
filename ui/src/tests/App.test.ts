import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import App from '../App.svelte';
import { MockEngine } from '../lib/backend/mock/engine';
import { scenario } from '../lib/backend/mock/scenarios';
import { Session } from '../lib/state/session.svelte';
import { click, open, pass, useFakeClock } from './window';

useFakeClock();

const row = (name: string) => screen.getByTestId(`service-${name}`);
const state = (name: string) => [row(name).dataset['phase'], row(name).dataset['health']];

test('what the app has to say stands above everything, and nothing is there otherwise', async () => {
  const text = 'There is no tray icon.';
  for (const notice of [null, text]) {
    const session = new Session(new MockEngine(scenario('8'), { notice }));
    const { unmount } = render(App, { session });
    await session.listen();
    await pass(50);
    expect(screen.queryByTestId('notice')?.textContent ?? null).toBe(notice);
    unmount();
  }
});

describe('the projects on the left', () => {
  test('are each shown with their state in words', async () => {
    await open('8');
    expect(screen.getByTestId('project-shop').textContent).toContain('8 of 8 healthy');
    expect(screen.getByTestId('project-blog').textContent).toContain('stopped');
    expect(screen.getByTestId('project-lab').textContent).toContain('degraded · 1 of 2 healthy');
  });

  test('are shown in full when clicked', async () => {
    await open('8');
    await click('project-lab');
    expect(screen.getByTestId('project-lab').getAttribute('aria-current')).toBe('page');
    expect(row('notebook')).toBeTruthy();
    expect(screen.queryByTestId('service-db')).toBeNull();
  });
});

describe('the rows', () => {
  test('follow a stack from stopped through waiting and starting to healthy', async () => {
    await open('8');
    await click('project-blog');
    expect(state('store')).toEqual(['stopped', 'unknown']);
    await click('action-start-all');
    expect(state('store')).toEqual(['starting', 'starting']);
    expect(state('web')[0]).toBe('waiting');
    expect(row('web').textContent).toContain('waits for store');
    await pass(1_000);
    expect(state('store')).toEqual(['running', 'healthy']);
    expect(state('web')[0]).toBe('starting');
    await pass(1_000);
    expect(screen.getByTestId('project-status').textContent).toBe('2 of 2 healthy');
  });

  test('show a crash, the countdown to the next try, and the restart', async () => {
    const engine = await open('8');
    engine.crash('shop', 'api');
    await pass(0);
    expect(state('api')).toEqual(['exited', 'unknown']);
    expect(row('api').textContent).toContain('exited with code 1, next try in 2 s');
    await pass(1_000);
    expect(row('api').textContent).toContain('next try in 1 s');
    await pass(2_100);
    expect(state('api')).toEqual(['running', 'healthy']);
    expect(within(row('api')).getAllByRole('cell')[5]?.textContent).toBe('1');
  });

  test('show an uptime that ticks', async () => {
    await open('8');
    await click('project-blog');
    await click('start-store');
    await pass(5_000);
    expect(row('store').textContent).toContain('5 s');
  });

  test('open the URL and copy it', async () => {
    const engine = await open('8');
    await click('url-web');
    await click('copy-web');
    expect(engine.opened).toEqual(['http://web.shop.localhost:7080']);
    expect(engine.copied).toEqual(['http://web.shop.localhost:7080']);
    expect(screen.getByTestId('copy-web').getAttribute('aria-label')).toBe('Copied');
  });
});

describe('the buttons', () => {
  test.each([
    ['action-stop-all', 'stack.stop', []],
    ['action-restart-all', 'stack.restart', []],
    ['stop-api', 'stack.stop', ['api']],
    ['restart-api', 'stack.restart', ['api']],
  ])('%s sends %s', async (button, command, services) => {
    const engine = await open('8');
    await click(button);
    expect(engine.requests).toContainEqual({ command, params: { project: 'shop', services } });
  });

  test('that would do nothing are disabled, and keep their place', async () => {
    await open('8');
    const disabled = (testid: string) => screen.getByTestId<HTMLButtonElement>(testid).disabled;
    expect(disabled('action-start-all')).toBe(true);
    expect(disabled('start-api')).toBe(true);
    await click('action-stop-all');
    await pass(5_000);
    expect(disabled('action-start-all')).toBe(false);
    expect(disabled('action-stop-all')).toBe(true);
    expect(disabled('stop-api')).toBe(true);
  });

  test('stop a stack in reverse order', async () => {
    await open('8');
    await click('action-stop-all');
    await pass(250);
    expect(state('web')[0]).toBe('stopped');
    expect(state('db')[0]).toBe('running');
    await pass(2_000);
    expect(state('db')[0]).toBe('stopped');
  });
});

describe('what is wrong', () => {
  test('in the configuration is listed with its place and what would be right', async () => {
    await open('failing');
    const texts = screen.getAllByTestId('project-problem').map((item) => item.textContent);
    expect(texts[0]).toMatch(/kinfra\.yaml:14:5\s+Unknown key "comand".*Did you mean "run"\?/);
    expect(texts).toHaveLength(2);
  });

  test('with a taken port is solved by another one', async () => {
    const engine = await open('failing');
    await click('move-port-db');
    expect(engine.requests).toContainEqual({
      command: 'port.move',
      params: { project: 'shop', service: 'db', this_time: false },
    });
    await pass(1_000);
    expect(state('db')).toEqual(['running', 'healthy']);
    expect(screen.queryByTestId('problem-db')).toBeNull();
  });

  test('with the port of the proxy is solved by the one that it offers', async () => {
    await open('failing');
    await click('proxy-use-port');
    expect(screen.queryByTestId('proxy-problem')).toBeNull();
    expect(screen.getByTestId('engine').textContent).toContain('Proxy on port 7081');
  });

  test('with a command is said, and can be dismissed', async () => {
    const engine = await open('8');
    engine.call = () =>
      Promise.reject({ problems: [{ code: 'store_failed', message: 'The disk is full.' }] });
    await click('stop-api');
    expect(screen.getByTestId('problems').textContent).toContain('The disk is full.');
    await fireEvent.click(screen.getByText('Dismiss'));
    expect(screen.queryByTestId('problems')).toBeNull();
  });
});

describe('adding a project', () => {
  const type = (folder: string) =>
    fireEvent.input(screen.getByTestId('add-folder'), { target: { value: folder } });
  const submit = async () => {
    await fireEvent.submit(screen.getByTestId('add-form'));
    await pass(50);
  };

  test('is what an empty window offers', async () => {
    await open('empty');
    expect(screen.getByTestId('add-form').textContent).toContain('kinfra add');
    await type(' /home/ada/code/atelier ');
    await submit();
    expect(screen.getByTestId('project-atelier').getAttribute('aria-current')).toBe('page');
    expect(row('web')).toBeTruthy();
  });

  test('says why a folder was refused', async () => {
    await open('8');
    await click('add-project');
    await type('/home/ada/missing');
    await submit();
    expect(screen.getByRole('alert').textContent).toContain('No kinfra.yaml in /home/ada/missing');
  });
});

test('the end of the engine is said', async () => {
  const engine = await open('8');
  await engine.call({ command: 'engine.quit', params: { mode: 'stop_services' } });
  await pass(50);
  expect(screen.getByRole('alert').textContent).toContain('KInfra has ended');
});

test('what is wrong with KInfra itself stands above all projects until it is dismissed', async () => {
  const engine = await open('failing');
  expect(screen.getByTestId('engine-problems').textContent).toContain('was set aside');
  await click(within(screen.getByTestId('engine-problems')).getByRole('button', { name: /^Dismiss/ }));
  expect(screen.queryByTestId('engine-problems')).toBeNull();
  await engine.call({ command: 'proxy.use_port', params: { port: 7081 } });
  await pass(50);
  expect(screen.queryByTestId('engine-problems')).toBeNull();
});
