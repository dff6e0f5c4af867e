import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import App from './App.svelte';
import { MockEngine } from './lib/backend/mock/engine';
import type { Scenario } from './lib/backend/mock/plans';
import { scenario } from './lib/backend/mock/scenarios';
import { Session } from './lib/state/session.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const claim = (id: string) => screen.getByTestId(`claim-${id}`);
const use = (id: string) => claim(id).dataset['use'];
/** The texts of the cells of a row: port, project, service, state, holder. */
const cells = (id: string) =>
  within(claim(id))
    .getAllByRole('cell')
    .slice(0, 5)
    .map((cell) => cell.textContent?.trim().replace(/\s+/g, ' '));

async function open(what: string | Scenario): Promise<MockEngine> {
  const plan = typeof what === 'string' ? scenario(what) : what;
  const engine = new MockEngine(plan, { paceMs: 1_000 });
  const session = new Session(engine);
  render(App, { session });
  await session.connect();
  await pass(50);
  return engine;
}

async function openPorts(): Promise<MockEngine> {
  const engine = await open('ports');
  await click(screen.getByTestId('show-ports'));
  return engine;
}

async function click(element: HTMLElement): Promise<void> {
  await fireEvent.click(element);
  await pass(50);
}

const clickIn = (id: string, testid: string) => click(within(claim(id)).getByTestId(testid));
const type = (testid: string, value: string) =>
  fireEvent.input(screen.getByTestId(testid), { target: { value } });

/** What was sent about ports beside the readings of their list. */
const sent = (engine: MockEngine) =>
  engine.requests.filter(({ command }) => command.startsWith('port.') && command !== 'port.list');
const readings = (engine: MockEngine) =>
  engine.requests.filter(({ command }) => command === 'port.list').length;

describe('the table of ports', () => {
  test('says whose each port is, what is on it and who', async () => {
    await openPorts();
    expect(cells('shop-db-http')).toEqual(['20117', 'shop', 'db', 'taken', 'postgres (pid 903)']);
    expect(cells('shop-api-metrics')).toEqual(['20125', 'shop', 'api metrics', 'in use', 'node (pid 5002)']);
    expect(cells('shop-names-dns')[0]).toBe('20126/udp');
    expect(cells('shop-web-http')[0]).toBe('20123 → 5173');
    expect(cells('shop-search-http')[4]).toBe('container old-shop-search-1');
    expect(cells('blog-web-http').slice(3)).toEqual(['free', '']);
    expect(cells('docs-site-http')[3]).toBe('adopted');
    expect(screen.getByTestId('show-ports').getAttribute('aria-current')).toBe('page');
  });

  test('tells all of a holder when it is clicked', async () => {
    await openPorts();
    const holder = within(claim('docs-site-http')).getByRole('button', { name: 'node (pid 22190)' });
    await click(holder);
    expect(holder.getAttribute('aria-expanded')).toBe('true');
    expect(claim('docs-site-http').textContent).toMatch(
      /User\s*ada\s*Command\s*node .*--strictPort.*Folder\s*\/home\/ada\/code\/docs\s*Project\s*docs\s*Runs for\s*12 min/,
    );
  });

  test('is filtered by port, project, service and program', async () => {
    await openPorts();
    const rows = () => screen.queryAllByTestId(/^claim-/).map((row) => row.dataset['testid']);
    for (const [text, row] of [
      ['20118', 'claim-shop-cache-http'],
      ['POSTGRES', 'claim-shop-db-http'],
      ['blog edge', 'claim-blog-edge-http'],
    ] as const) {
      await type('port-filter', text);
      expect(rows()).toEqual([row]);
    }
    await type('port-filter', 'zebra');
    expect(screen.getByTestId('ports-view').textContent).toContain('No port matches "zebra".');
  });

  test('is read when it opens, once for many changes of the state, and by Refresh', async () => {
    const engine = await open('ports');
    const atFirst = readings(engine);
    await click(screen.getByTestId('show-ports'));
    expect(readings(engine)).toBe(atFirst + 1);
    await engine.call({ command: 'stack.stop', params: { project: 'shop', services: [] } });
    await pass(350);
    expect(readings(engine)).toBe(atFirst + 2);
    await pass(3_000);
    expect(use('shop-cache-http')).toBe('free');
    const before = readings(engine);
    await pass(60_000);
    expect(readings(engine)).toBe(before);
    await click(screen.getByTestId('port-refresh'));
    expect(readings(engine)).toBe(before + 1);
  });

  test('keeps its rows while it is read, and when that fails says why', async () => {
    const engine = await openPorts();
    const row = claim('shop-db-http');
    let refuse: (reason: unknown) => void = () => undefined;
    engine.call = () => new Promise((_resolve, reject) => (refuse = reject));
    await click(screen.getByTestId('port-refresh'));
    expect(claim('shop-db-http')).toBe(row);
    refuse({ problems: [{ code: 'io', message: 'reading /proc/net/tcp: not permitted' }] });
    await pass(50);
    expect(claim('shop-db-http')).toBe(row);
    expect(screen.getByRole('alert').textContent).toContain('reading /proc/net/tcp');
  });
});

test('a machine without ports says what belongs there, and how it comes', async () => {
  await open('empty');
  await click(screen.getByTestId('show-ports'));
  await click(screen.getByTestId('ports-add-project'));
  expect(screen.getByTestId('add-form')).toBeTruthy();
});

describe('a taken port', () => {
  test('is left for another one', async () => {
    const engine = await openPorts();
    await clickIn('shop-db-http', 'move-port-db');
    expect(sent(engine)).toEqual([
      { command: 'port.move', params: { project: 'shop', service: 'db', this_time: false } },
    ]);
    await pass(500);
    expect(cells('shop-db-http')).toEqual(['20828', 'shop', 'db', 'in use', 'node (pid 5002)']);
    expect(within(claim('shop-db-http')).queryByTestId('move-port-db')).toBeNull();
  });

  test('leaves the keyboard in its row when its buttons go', async () => {
    await openPorts();
    within(claim('shop-db-http')).getByTestId('move-port-db').focus();
    await clickIn('shop-db-http', 'move-port-db');
    await pass(500);
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Move db…');
  });

  test('is left for another one until the service is stopped', async () => {
    const engine = await openPorts();
    await clickIn('shop-db-http', 'this-time-db');
    expect(sent(engine)).toEqual([
      { command: 'port.move', params: { project: 'shop', service: 'db', this_time: true } },
    ]);
    await pass(500);
    expect(cells('shop-db-http')[0]).toBe('20117 → 20828');
    await engine.call({ command: 'stack.stop', params: { project: 'shop', services: ['db'] } });
    await pass(1_000);
    expect(cells('shop-db-http').slice(0, 4)).toEqual(['20117', 'shop', 'db', 'taken']);
  });

  test('is left to the program that is on it', async () => {
    const engine = await openPorts();
    await clickIn('shop-search-http', 'adopt-port-search');
    expect(sent(engine)).toEqual([{ command: 'port.adopt', params: { project: 'shop', service: 'search' } }]);
    await pass(500);
    expect(cells('shop-search-http').slice(3)).toEqual(['adopted', 'container old-shop-search-1']);
    await click(screen.getByTestId('project-shop'));
    expect(screen.getByTestId('service-search').textContent).toContain('healthy · not started by KInfra');
  });

  test('is freed once the user has seen which program ends', async () => {
    const engine = await openPorts();
    await clickIn('shop-db-http', 'free-port-db');
    expect(sent(engine)).toEqual([]);
    const question = screen.getByTestId('confirm-end');
    expect(question.textContent).toMatch(
      /End postgres \(pid 903\)\?.*postgres -D \/home\/ada\/data\/pg16 -p 20117.*Folder\s*\/home\/ada\/data\/pg16/s,
    );
    expect(document.activeElement?.textContent).toBe('Cancel');
    await click(screen.getByTestId('confirm-end-yes'));
    expect(sent(engine)).toEqual([
      { command: 'port.free', params: { port: 20117, protocol: 'tcp', pid: 903, start_time: '48213' } },
    ]);
    await pass(500);
    expect(cells('shop-db-http').slice(3)).toEqual(['in use', 'node (pid 5002)']);
    expect(screen.queryByTestId('confirm-end')).toBeNull();
  });

  test('stays as it is when the user says no, by button or key', async () => {
    const engine = await openPorts();
    await clickIn('shop-db-http', 'free-port-db');
    await click(within(screen.getByTestId('confirm-end')).getByText('Cancel'));
    expect(screen.queryByTestId('confirm-end')).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId('free-port-db'));
    await clickIn('shop-db-http', 'free-port-db');
    await fireEvent.keyDown(screen.getByTestId('confirm-end'), { key: 'Escape' });
    expect(screen.queryByTestId('confirm-end')).toBeNull();
    expect(sent(engine)).toEqual([]);
  });

  test('is not freed of a process that came after the question', async () => {
    const engine = await openPorts();
    await clickIn('shop-db-http', 'free-port-db');
    const call = engine.call.bind(engine);
    engine.call = async (request) => {
      const response = await call(request);
      if (!('claims' in response && 'range' in response)) return response;
      const claims = response.claims.map((claim) =>
        claim.holder?.pid === 903 ? { ...claim, holder: { ...claim.holder, start_time: '99999' } } : claim,
      );
      return { ...response, claims };
    };
    await click(screen.getByTestId('port-refresh'));
    expect(screen.queryByTestId('confirm-end')).toBeNull();
  });

  test('of a container or of a program that cannot be seen offers no end', async () => {
    await openPorts();
    for (const [id, service] of [
      ['shop-search-http', 'search'],
      ['blog-store-http', 'store'],
    ] as const) {
      expect(within(claim(id)).getByTestId(`adopt-port-${service}`)).toBeTruthy();
      expect(within(claim(id)).queryByTestId(`free-port-${service}`)).toBeNull();
    }
  });

  test('says in its row why a command was refused, until that is dismissed', async () => {
    await openPorts();
    await clickIn('blog-edge-http', 'free-port-edge');
    await click(screen.getByTestId('confirm-end-yes'));
    const row = within(claim('blog-edge-http'));
    expect(row.getByRole('alert').textContent).toContain('ending nginx (pid 812, in /): not permitted');
    expect(screen.getAllByRole('alert')).toHaveLength(1);
    await click(row.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

describe('any port', () => {
  const move = async (id: string, label: string, to: string) => {
    await click(within(claim(id)).getByRole('button', { name: label }));
    expect(document.activeElement).toBe(screen.getByTestId('move-to'));
    if (to !== '') await type('move-to', to);
    await fireEvent.submit(screen.getByTestId('move-form'));
    await pass(50);
  };

  test('is moved to a number, which a running service has from its next start on', async () => {
    const engine = await openPorts();
    await move('shop-api-metrics', 'Move api (metrics)…', '24000');
    expect(sent(engine)).toEqual([
      {
        command: 'port.move',
        params: { project: 'shop', service: 'api', name: 'metrics', to: 24000, this_time: false },
      },
    ]);
    expect(claim('shop-api-metrics').textContent).toContain('has port 24000 from its next start on');
  });

  test('is moved to one that KInfra chooses', async () => {
    const engine = await openPorts();
    await move('blog-web-http', 'Move web…', '');
    expect(sent(engine)).toEqual([
      { command: 'port.move', params: { project: 'blog', service: 'web', this_time: false } },
    ]);
    expect(cells('blog-web-http')[0]).toBe('20828');
    expect(screen.queryByTestId('move-form')).toBeNull();
  });

  test('is not moved to what is no port', async () => {
    const engine = await openPorts();
    await move('blog-web-http', 'Move web…', '70000');
    expect(sent(engine)).toEqual([]);
    expect(screen.getByTestId('move-form').textContent).toContain('A number from 1 to 65535.');
  });

  test('is not moved to one of another service, and the row says so', async () => {
    await openPorts();
    await move('blog-web-http', 'Move web…', '20118');
    const refusal = within(claim('blog-web-http')).getByRole('alert').textContent;
    expect(refusal).toContain('port 20118 of web belongs to cache of shop');
    expect(screen.getByTestId('move-form')).toBeTruthy();
  });
});

describe('reserved ports', () => {
  const reserve = async (range: string, reason: string) => {
    await type('reserve-range', range);
    await type('reserve-reason', reason);
    await fireEvent.submit(screen.getByTestId('reserve-form'));
    await pass(50);
  };
  const listed = () => within(screen.getByTestId('reserved')).getAllByRole('listitem');

  test('are listed with their reason, and those of the settings have no button', async () => {
    await openPorts();
    const [settings, own] = listed();
    expect(settings?.textContent).toMatch(/5432\s*Postgres of the machine\s*in settings.yaml/);
    expect(within(settings!).queryByRole('button')).toBeNull();
    expect(own?.textContent).toMatch(/8000–8099\s*the VPN client\s*Remove/);
    expect(screen.getByTestId('port-ranges').textContent?.replace(/\s+/g, ' ').trim()).toBe(
      'Ports are chosen from 20000–28999, and never from these. The system gives 32768–60999 to outgoing connections.',
    );
  });

  test('are added', async () => {
    const engine = await openPorts();
    await reserve('9000-9010', ' the camera ');
    expect(sent(engine)).toEqual([
      { command: 'port.reserve', params: { range: { first: 9000, last: 9010 }, reason: 'the camera' } },
    ]);
    expect(listed()[2]?.textContent).toMatch(/9000–9010\s*the camera/);
    expect(screen.getByTestId<HTMLInputElement>('reserve-range').value).toBe('');
  });

  test('are removed', async () => {
    const engine = await openPorts();
    await click(screen.getByRole('button', { name: 'Remove 8000–8099' }));
    expect(sent(engine)).toEqual([
      { command: 'port.release', params: { range: { first: 8000, last: 8099 } } },
    ]);
    expect(listed()).toHaveLength(1);
  });

  test('that are refused are said there, and what was typed stays', async () => {
    await openPorts();
    await reserve('8050', '');
    const section = within(screen.getByTestId('reserved'));
    expect(section.getByRole('alert').textContent).toContain('8000-8099 is reserved already');
    expect(screen.getByTestId<HTMLInputElement>('reserve-range').value).toBe('8050');
  });
});

describe('the doctor', () => {
  test('says nothing where all is good', async () => {
    await openPorts();
    expect(screen.queryByTestId('doctor')).toBeNull();
  });

  test('names a port that may be taken, with the steps and the way back', async () => {
    const services = [{ name: 'api', port: 50002 }];
    const project = { slug: 'old', folder: '/home/ada/code/old', services, running: true };
    const engine = await open({ proxy: { port: 7080 }, projects: [project] });
    await click(screen.getByTestId('show-ports'));
    const doctor = within(screen.getByTestId('doctor'));
    expect(doctor.getByText('50002 of api in old')).toBeTruthy();
    const step = 'sudo sysctl --load=/etc/sysctl.d/60-kinfra-ports.conf';
    const line = doctor.getByText(step).closest<HTMLElement>('.step');
    await click(within(line ?? document.body).getByRole('button', { name: 'Copy' }));
    expect(engine.copied).toContain(step);
  });
});

describe('in its project, a service', () => {
  const problem = () => within(screen.getByTestId('problem-db'));

  test.each([
    ['move-port-db', 'port.move', { project: 'shop', service: 'db', this_time: false }],
    ['this-time-db', 'port.move', { project: 'shop', service: 'db', this_time: true }],
    ['adopt-port-db', 'port.adopt', { project: 'shop', service: 'db' }],
  ])('whose port is taken offers %s', async (button, command, params) => {
    const engine = await open('ports');
    await click(problem().getByTestId(button));
    expect(sent(engine)).toEqual([{ command, params }]);
    await pass(1_000);
    expect(screen.queryByTestId('problem-db')).toBeNull();
    expect(screen.getByTestId('service-db').dataset['health']).toBe('healthy');
  });

  test('whose port is taken offers to end that program', async () => {
    const engine = await open('ports');
    await click(problem().getByTestId('free-port-db'));
    expect(problem().getByTestId('confirm-end').textContent).toContain('End postgres (pid 903)?');
    await click(screen.getByTestId('confirm-end-yes'));
    expect(sent(engine)).toEqual([
      { command: 'port.free', params: { port: 20117, protocol: 'tcp', pid: 903, start_time: '48213' } },
    ]);
    await pass(1_000);
    expect(screen.queryByTestId('problem-db')).toBeNull();
  });

  test('whose port is another service’s can only be moved', async () => {
    const services = [{ name: 'db', port: 20117, fate: 'port_claimed' as const }];
    const project = { slug: 'shop', folder: '/home/ada/code/shop', services, running: true };
    const engine = await open({ proxy: { port: 7080 }, projects: [project] });
    expect(problem().queryByTestId('adopt-port-db')).toBeNull();
    await click(problem().getByTestId('move-port-db'));
    const params = { project: 'shop', service: 'db', this_time: false };
    expect(sent(engine)).toEqual([{ command: 'port.move', params }]);
  });

  test('says beside its problem why a command was refused', async () => {
    const engine = await open('ports');
    const call = engine.call.bind(engine);
    engine.call = (request) =>
      request.command === 'port.adopt'
        ? Promise.reject({ problems: [{ code: 'store_failed', message: 'The disk is full.' }] })
        : call(request);
    await click(problem().getByTestId('adopt-port-db'));
    expect(problem().getByRole('alert').textContent).toContain('The disk is full.');
  });

  test('that listens elsewhere has a hint, and one that is adopted a mark', async () => {
    await open('ports');
    expect(screen.getByTestId('elsewhere-web').textContent?.replace(/\s+/g, ' ').trim()).toBe(
      'web listens on 5173, not on 20123 (make it use $PORT)',
    );
    await click(screen.getByTestId('project-docs'));
    expect(screen.getByTestId('service-site').textContent).toContain('not started by KInfra');
  });
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
