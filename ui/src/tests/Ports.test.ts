import { fireEvent, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { cells, claim, openPorts, readings, sent, use } from './portRows';
import { click, open, pass, type, useFakeClock } from './window';

useFakeClock();

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
