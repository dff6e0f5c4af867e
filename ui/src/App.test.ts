import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import App from './App.svelte';
import { MockEngine } from './lib/backend/mock/engine';
import { scenario } from './lib/backend/mock/scenarios';
import { Session } from './lib/state/session.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const row = (name: string) => screen.getByTestId(`service-${name}`);
const state = (name: string) => [row(name).dataset['phase'], row(name).dataset['health']];

async function open(name: string): Promise<MockEngine> {
  const engine = new MockEngine(scenario(name), { paceMs: 1_000 });
  const session = new Session(engine);
  render(App, { session });
  await session.connect();
  await pass(50);
  return engine;
}

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

async function click(testid: string): Promise<void> {
  await fireEvent.click(screen.getByTestId(testid));
  await pass(50);
}

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
    expect(state('db')[0]).toBe('stopping');
    await pass(2_000);
    expect(state('db')[0]).toBe('stopped');
  });
});

describe('the log', () => {
  const lines = () => screen.getByTestId('log-pane').querySelectorAll<HTMLElement>('.line');
  const texts = () => [...lines()].map((line) => line.textContent ?? '');

  test('follows what the services print', async () => {
    const engine = await open('8');
    const before = lines().length;
    engine.logs.append('shop', { service: 'api', stream: 'stdout', time: 0, text: 'a new line' });
    await pass(300);
    expect(lines()).toHaveLength(before + 1);
    expect(texts().at(-1)).toContain('a new line');
  });

  test('is filtered by the service that is chosen in the list or by its row', async () => {
    await open('8');
    await fireEvent.change(screen.getByTestId('log-filter'), { target: { value: 'db' } });
    await pass(300);
    const ofOne = lines().length;
    expect(ofOne).toBeGreaterThan(0);
    expect(ofOne).toBeLessThan(400);
    await fireEvent.click(within(row('db')).getByRole('button', { pressed: true }));
    await pass(300);
    expect(lines()).toHaveLength(400);
    expect(screen.getByTestId<HTMLSelectElement>('log-filter').value).toBe('');
  });

  test('is searched once typing rests, and the matches are marked', async () => {
    const engine = await open('8');
    await fireEvent.input(screen.getByTestId('log-search'), { target: { value: 'pos' } });
    await fireEvent.input(screen.getByTestId('log-search'), { target: { value: 'post' } });
    await pass(500);
    expect(texts().every((text) => text.toLowerCase().includes('post'))).toBe(true);
    expect(lines()[0]?.querySelector('mark')?.textContent).toBe('POST');
    const searches = engine.requests.filter(
      (request) => 'filter' in request.params && request.params.filter.pattern === 'pos',
    );
    expect(searches).toHaveLength(0);
  });

  test('says so when no line matches', async () => {
    await open('8');
    await fireEvent.input(screen.getByTestId('log-search'), { target: { value: 'zebra' } });
    await pass(500);
    expect(screen.getByTestId('log-pane').textContent).toContain('No line matches "zebra".');
  });

  test('tells what is wrong with an expression, and goes on once it is right', async () => {
    await open('8');
    const search = screen.getByTestId('log-search');
    await fireEvent.input(search, { target: { value: 'get (' } });
    await pass(500);
    expect(within(screen.getByTestId('log-pane')).getByRole('alert').textContent).toContain('is no regular');
    await fireEvent.input(search, { target: { value: '^get' } });
    await pass(500);
    expect(within(screen.getByTestId('log-pane')).queryByRole('alert')).toBeNull();
    expect(lines().length).toBeGreaterThan(0);
  });

  test('is that of one run, or since some minutes, when these are chosen', async () => {
    await open('8');
    await fireEvent.change(screen.getByTestId('log-filter'), { target: { value: 'db' } });
    await pass(300);
    const all = lines().length;
    const begins = screen.getByTestId('log-pane').querySelectorAll('.begins');
    expect([...begins].map((text) => text.textContent)).toEqual([
      expect.stringMatching(/^── run 2 · started \d\d:\d\d:\d\d ──$/),
    ]);
    const run = screen.getByTestId<HTMLSelectElement>('log-run');
    expect([...run.options].map((option) => option.value)).toEqual(['', '0', '-1', '2', '1']);
    await fireEvent.change(run, { target: { value: '1' } });
    await pass(300);
    const first = lines().length;
    await fireEvent.change(run, { target: { value: '0' } });
    await pass(300);
    expect(first).toBeGreaterThan(0);
    expect(first + lines().length).toBe(all);
    await fireEvent.change(screen.getByTestId('log-filter'), { target: { value: '' } });
    expect(run.value).toBe('0');
    await fireEvent.change(run, { target: { value: '' } });
    await pass(60_000);
    await fireEvent.change(screen.getByTestId('log-since'), { target: { value: '5' } });
    await pass(300);
    expect(lines().length).toBeGreaterThan(300);
    expect(lines().length).toBeLessThan(400);
  });

  test('pauses when scrolled up and goes on when told to jump to the newest line', async () => {
    await open('8');
    const scroller = screen.getByRole('log');
    Object.defineProperties(scroller, { scrollHeight: { value: 900 }, clientHeight: { value: 300 } });
    scroller.scrollTop = 600;
    await fireEvent.scroll(scroller);
    expect(screen.queryByTestId('log-follow')).toBeNull();
    scroller.scrollTop = 200;
    await fireEvent.scroll(scroller);
    expect(screen.getByTestId('log-follow').textContent?.trim()).toBe('Jump to newest');
    await click('log-follow');
    expect(screen.queryByTestId('log-follow')).toBeNull();
    expect(scroller.scrollTop).toBe(900);
  });

  test('is copied as plain text', async () => {
    const engine = await open('8');
    await click('log-copy');
    const copied = engine.copied[0]?.trimEnd().split('\n') ?? [];
    // And the line that tells of another run.
    expect(copied).toHaveLength(401);
    expect(engine.copied[0]).not.toContain('\x1b');
    expect(copied.at(-1)).toMatch(/^\d\d:\d\d:\d\d \w+ \S/);
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
