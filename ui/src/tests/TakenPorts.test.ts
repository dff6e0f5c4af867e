import { fireEvent, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { cells, claim, clickIn, openPorts, sent } from './portRows';
import { click, open, pass, useFakeClock } from './window';

useFakeClock();

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
