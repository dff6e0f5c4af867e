import { fireEvent, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import type { RequestRecord } from '../lib/rpc/rpc';
import { asked, choose, click, open, pass, type, useFakeClock } from './window';

useFakeClock();

const pane = () => screen.getByTestId('request-pane');
const rows = () => [...pane().querySelectorAll<HTMLElement>('[role=row]')].slice(1);
const cells = (row: HTMLElement) => [...row.children].map((cell) => cell.textContent?.trim() ?? '');
const paths = () => rows().map((row) => row.querySelector('.path')?.textContent);
const scroller = () => within(pane()).getByRole('table');

function request(path: string, more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    number: 0,
    at: new Date(2026, 10, 26, 14, 2, 11).getTime(),
    duration_us: 12_345,
    project: 'shop',
    service: 'web',
    public: false,
    method: 'GET',
    host: 'web.shop.localhost',
    path,
    status: 200,
    received: 0,
    sent: 1_234,
    ...more,
  };
}

/** Gives the rows a height, which jsdom has not. */
function layOut(height: number, content: () => number): HTMLElement {
  const element = scroller();
  Object.defineProperties(element, {
    clientHeight: { value: height, configurable: true },
    scrollHeight: { get: content, configurable: true },
  });
  return element;
}

async function scrollTo(top: number): Promise<void> {
  scroller().scrollTop = top;
  await fireEvent.scroll(scroller());
}

describe('the requests', () => {
  test('take the place of the log, and are asked for only while they do', async () => {
    const engine = await open('1');
    await pass(60_000);
    expect(asked(engine, 'proxy.requests')).toBe(0);
    await click('pane-requests');
    expect(screen.queryByTestId('log-pane')).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId('pane-requests'));
    await pass(500);
    // One that answers at once, and one that waits.
    expect(asked(engine, 'proxy.requests')).toBe(2);
    await click('pane-log');
    expect(screen.getByTestId('log-pane')).toBeTruthy();
    engine.traffic.append(request('/', { project: 'hello' }));
    await pass(60_000);
    expect(asked(engine, 'proxy.requests')).toBe(2);
  });

  test('say when, whose, what, how it ended, how long it took, and how much it was', async () => {
    const engine = await open('1');
    await click('pane-requests');
    engine.traffic.append(
      request('/cart', { project: 'hello', status: 502, received: 3_000, trouble: 'refused', public: true }),
    );
    await pass(200);
    expect(rows()).toHaveLength(1);
    expect(cells(rows()[0]!).map((text) => text.replace(/\s+/g, ' '))).toEqual([
      '14:02:11',
      'web',
      '502',
      'GET',
      '/cart connection refused',
      '12 ms',
      '2.9 KiB',
      '1.2 KiB',
    ]);
    expect(within(rows()[0]!).getByRole('img').getAttribute('aria-label')).toBe('public');
    expect(within(rows()[0]!).getByText('502').classList.contains('failed')).toBe(true);
    expect(within(rows()[0]!).getByText('/cart').title).toBe('web.shop.localhost/cart');
  });

  test('are those of the project on show', async () => {
    const engine = await open('8');
    await click('pane-requests');
    const before = rows().length;
    engine.traffic.append(request('/other', { project: 'lab' }));
    engine.traffic.append(request('/own'));
    await pass(200);
    expect(rows()).toHaveLength(before + 1);
    expect(paths().at(-1)).toBe('/own');
    await click('project-lab');
    expect(paths()).toContain('/other');
    expect(paths()).not.toContain('/own');
  });

  test('are those of the service that is chosen, as the log is', async () => {
    const engine = await open('8');
    await click('pane-requests');
    engine.traffic.append(request('/of-web'));
    engine.traffic.append(request('/of-api', { service: 'api' }));
    await choose('web');
    expect(paths()).toContain('/of-web');
    expect(paths()).not.toContain('/of-api');
    // The column would say the same in each row.
    expect(cells(rows().at(-1)!)).toHaveLength(7);
    await fireEvent.change(screen.getByTestId('request-filter'), { target: { value: '' } });
    await pass(100);
    expect(paths()).toContain('/of-api');
  });

  test('are also those of all projects and of hosts that lead nowhere, when these are asked for', async () => {
    const engine = await open('8');
    await click('pane-requests');
    await choose('web');
    engine.traffic.append(request('/of-lab', { project: 'lab' }));
    const { project: _project, service: _service, ...nobodys } = request('/nowhere');
    engine.traffic.append({ ...nobodys, host: 'shp.localhost', status: 404, trouble: 'unknown_host' });
    await fireEvent.change(screen.getByTestId('request-filter'), { target: { value: '*' } });
    await pass(100);
    expect(engine.requests.at(-1)?.params).not.toHaveProperty('project');
    expect(paths().slice(-2)).toEqual(['web.shop.localhost/of-lab', 'shp.localhost/nowhere']);
    expect(cells(rows().at(-1)!)[1]).toBe('–');
    expect(rows().at(-1)!.textContent).toContain('no such host');
    await choose('api');
    expect(screen.getByTestId<HTMLSelectElement>('request-filter').value).toBe('api');
    expect(paths()).not.toContain('shp.localhost/nowhere');
  });

  test('are only those that failed, when these are asked for', async () => {
    const engine = await open('1');
    await click('pane-requests');
    const of = (path: string, more: Partial<RequestRecord>) =>
      engine.traffic.append(request(path, { project: 'hello', ...more }));
    of('/fine', {});
    of('/gone', { status: 404 });
    of('/broken-off', { trouble: 'reset' });
    await pass(200);
    await click('request-failed');
    expect(screen.getByTestId('request-failed').getAttribute('aria-pressed')).toBe('true');
    expect(paths()).toEqual(['/gone', '/broken-off']);
    await click('request-failed');
    expect(paths()).toEqual(['/fine', '/gone', '/broken-off']);
  });

  test('are found by a part of their path, without asking the engine', async () => {
    const engine = await open('1');
    await click('pane-requests');
    for (const path of ['/cart', '/CART/3', '/']) engine.traffic.append(request(path, { project: 'hello' }));
    await pass(200);
    const before = asked(engine, 'proxy.requests');
    await type('request-path', 'cart');
    expect(paths()).toEqual(['/cart', '/CART/3']);
    await type('request-path', 'zebra');
    expect(pane().textContent).toContain('No path has "zebra" in it.');
    expect(asked(engine, 'proxy.requests')).toBe(before);
  });

  test('say what belongs there while there are none', async () => {
    await open('selection');
    await click('pane-requests');
    expect(pane().textContent).toContain('No requests yet.');
    await choose('console');
    expect(pane().textContent).toContain('Nothing to console goes through the proxy');
    await choose('web');
    await click('request-failed');
    expect(pane().textContent).toContain('No request to web has failed.');
  });

  test('have an element only where they are in view', async () => {
    await open('requests');
    await click('pane-requests');
    layOut(240, () => 24_024);
    await scrollTo(0);
    expect(scroller().getAttribute('aria-rowcount')).toBe('1001');
    expect(rows().length).toBeLessThan(40);
    expect(rows()[0]!.getAttribute('aria-rowindex')).toBe('2');
    await scrollTo(12_000);
    expect(rows().length).toBeLessThan(60);
    expect(rows()[0]!.getAttribute('aria-rowindex')).toBe('490');
    await scrollTo(24_024 - 240);
    expect(rows().at(-1)!.getAttribute('aria-rowindex')).toBe('1001');
  });

  test('stay where they are while somebody has scrolled up, and what comes is counted', async () => {
    const engine = await open('requests');
    await click('pane-requests');
    layOut(240, () => 24_024);
    await scrollTo(24_024 - 240);
    expect(screen.queryByTestId('request-follow')).toBeNull();
    await scrollTo(6_000);
    const before = rows().map((row) => row.dataset['testid']);
    expect(screen.getByTestId('request-follow').textContent?.trim()).toBe('Jump to newest');
    // As many are dropped at the other end.
    for (const path of ['/one', '/two']) engine.traffic.append(request(path));
    await pass(300);
    expect(rows().map((row) => row.dataset['testid'])).toEqual(before);
    expect(screen.getByTestId('request-follow').textContent?.trim()).toBe('2 newer');
    await click('request-follow');
    expect(screen.queryByTestId('request-follow')).toBeNull();
    expect(scroller().scrollTop).toBe(24_024);
    expect(paths().slice(-2)).toEqual(['/one', '/two']);
  });

  test('stay where they are under the pointer, once there is no room below them', async () => {
    const engine = await open('1');
    await click('pane-requests');
    const element = layOut(120, () => 24 * (1 + rows().length));
    await scrollTo(0);
    const list = element.parentElement!;
    await fireEvent.pointerEnter(list, { pointerType: 'mouse' });
    const visit = async (path: string) => {
      engine.traffic.append(request(path, { project: 'hello' }));
      await pass(200);
    };
    for (const path of ['/1', '/2', '/3', '/4']) await visit(path);
    expect(paths()).toEqual(['/1', '/2', '/3', '/4']);
    await visit('/5');
    expect(paths()).toEqual(['/1', '/2', '/3', '/4']);
    expect(screen.getByTestId('request-follow').textContent?.trim()).toBe('1 newer');
    await fireEvent.pointerLeave(list);
    await pass(50);
    expect(paths()).toEqual(['/1', '/2', '/3', '/4', '/5']);
    expect(screen.queryByTestId('request-follow')).toBeNull();
  });

  test('begin anew with a new engine, and go on when the proxy moves', async () => {
    const engine = await open('1');
    await click('pane-requests');
    const visit = async (path: string) => {
      engine.traffic.append(request(path, { project: 'hello' }));
      await pass(300);
    };
    await visit('/1');
    await engine.call({ command: 'proxy.use_port', params: { port: 7081 } });
    await visit('/2');
    expect(paths()).toEqual(['/1', '/2']);
    engine.beginAnew();
    await pass(300);
    expect(paths()).toEqual([]);
    await visit('/3');
    expect(paths()).toEqual(['/3']);
  });

  test('are copied as kinfra requests prints them', async () => {
    const engine = await open('1');
    await click('pane-requests');
    for (const path of ['/cart', '/']) engine.traffic.append(request(path, { project: 'hello' }));
    await pass(200);
    await type('request-path', 'cart');
    await click('request-copy');
    expect(engine.copied).toEqual(['14:02:11  web  200  12 ms  1.2 KiB  GET /cart\n']);
  });

  test('that can not be read say why', async () => {
    const engine = await open('1');
    const call = engine.call.bind(engine);
    engine.call = (request) =>
      request.command === 'proxy.requests'
        ? Promise.reject({ problems: [{ code: 'engine_unreachable', message: 'No engine.' }] })
        : call(request);
    await click('pane-requests');
    expect(within(pane()).getByRole('alert').textContent).toContain("The requests can't be read: No engine.");
    engine.call = call;
    await pass(1_000);
    expect(within(pane()).queryByRole('alert')).toBeNull();
  });
});

describe('the figures of a service', () => {
  test('are measured every two seconds, and only while its details are on show', async () => {
    const engine = await open('1');
    await pass(10_000);
    expect(asked(engine, 'proxy.traffic')).toBe(0);
    await choose('web');
    const figures = () =>
      Object.fromEntries(
        [...screen.getByTestId('traffic').querySelectorAll('dl > div')].map((figure) => [
          figure.querySelector('dt')?.textContent,
          figure.querySelector('dd')?.textContent,
        ]),
      );
    expect(figures()).toEqual({
      Requests: '0',
      Errors: '0',
      'Median · p95 · p99': '–',
      Received: '0 B',
      Sent: '0 B',
    });
    engine.traffic.append(request('/', { project: 'hello', status: 500, received: 2_048 }));
    await pass(2_000);
    expect(figures()).toEqual({
      Requests: '1',
      Errors: '1',
      'Median · p95 · p99': '12 ms · 12 ms · 12 ms',
      Received: '2.0 KiB',
      Sent: '1.2 KiB',
    });
    const before = asked(engine, 'proxy.traffic');
    await click('close-detail');
    await pass(10_000);
    expect(asked(engine, 'proxy.traffic')).toBe(before);
  });

  test('are not there for one that the proxy does not lead to', async () => {
    const engine = await open('8');
    await choose('worker');
    expect(screen.queryByTestId('traffic')).toBeNull();
    expect(asked(engine, 'proxy.traffic')).toBe(0);
  });
});
