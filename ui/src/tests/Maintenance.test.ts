import { fireEvent, screen } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { choose, click, open, pass, type, useFakeClock } from './window';

useFakeClock();

const row = (name: string) => screen.getByTestId(`service-${name}`);
const button = (testid: string) => screen.getByTestId<HTMLButtonElement>(testid);
const noteText = () => screen.getByTestId('maintenance-note').textContent?.replace(/\s+/g, ' ');
const maintain = (services: string[], on: boolean, more = {}) => ({
  command: 'proxy.maintain',
  params: { project: 'shop', services, on, ...more },
});

describe('the maintenance of a service', () => {
  test('begins with one click in its details, and ends with the same button', async () => {
    const engine = await open('8');
    await choose('web');
    const toggle = button('maintenance');
    expect(toggle.textContent).toBe('Show maintenance page');
    await click(toggle);
    expect(engine.requests).toContainEqual(maintain(['web'], true));
    expect(row('web').textContent).toContain('healthy · in maintenance · ');
    expect(screen.getByTestId('detail-truth').textContent).toContain('in maintenance');
    expect(button('maintenance')).toBe(toggle);
    expect(toggle.textContent).toBe('End maintenance');
    await click(toggle);
    expect(engine.requests).toContainEqual(maintain(['web'], false));
    expect(row('web').textContent).not.toContain('in maintenance');
    expect(screen.queryByTestId('maintenance-note')).toBeNull();
  });

  test('has a note for visitors, which can be changed and taken away', async () => {
    const engine = await open('8');
    await choose('web');
    await click('maintenance');
    expect(noteText()).toContain('visitors are shown a page');
    expect(button('tell').disabled).toBe(true);
    await type('note', 'back at 15:00');
    await click('tell');
    expect(engine.requests).toContainEqual(maintain(['web'], true, { note: 'back at 15:00' }));
    expect(button('tell').disabled).toBe(true);
    await type('note', '');
    await click('tell');
    const web = engine.snapshot.projects[0]!.nodes.find(({ name }) => name === 'web');
    expect(web?.maintenance?.note).toBeUndefined();
  });

  test('keeps what another place said of its end when its note changes', async () => {
    const engine = await open('8');
    const until = Date.now() + 30 * 60_000;
    await engine.call({
      command: 'proxy.maintain',
      params: { project: 'shop', services: ['web'], on: true, note: 'back soon', until },
    });
    await pass(1_000);
    await choose('web');
    expect(noteText()).toContain('likely over in 29 min');
    expect(screen.getByTestId<HTMLInputElement>('note').value).toBe('back soon');
    await type('note', 'back at 15:00');
    await click('tell');
    expect(engine.requests).toContainEqual(maintain(['web'], true, { note: 'back at 15:00', until }));
  });

  test('a note that is being typed survives that figures of the service change', async () => {
    const engine = await open('8');
    await choose('web');
    await click('maintenance');
    await type('note', 'back at');
    engine.crash('shop', 'web');
    await pass(2_500);
    expect(screen.getByTestId<HTMLInputElement>('note').value).toBe('back at');
  });

  test('can be ended from its row', async () => {
    const engine = await open('requests');
    expect(screen.queryByTestId('end-maintenance-web')).toBeNull();
    expect(button('end-maintenance-admin').title).toBe('End maintenance of admin');
    await click('end-maintenance-admin');
    expect(engine.requests).toContainEqual(maintain(['admin'], false));
    expect(row('admin').textContent).not.toContain('in maintenance');
    expect(row('search').textContent).toContain('in maintenance');
  });

  test('goes on while it is restarted', async () => {
    await open('8');
    await choose('web');
    await click('maintenance');
    await click('detail-restart-web');
    expect(row('web').textContent).toContain('in maintenance');
    await pass(5_000);
    expect(row('web').textContent).toContain('healthy · in maintenance');
  });

  test('is not offered for one without visitors', async () => {
    await open('8');
    await choose('worker');
    expect(screen.queryByTestId('maintenance')).toBeNull();
  });
});

describe('the maintenance of a whole project', () => {
  test('begins and ends in the menu of its header, and leaves notes of single services alone', async () => {
    const engine = await open('requests');
    await click('more');
    expect(button('end-maintenance-all').textContent).toContain('Of search, admin');
    await click('maintenance-all');
    expect(engine.requests).toContainEqual(maintain(['db', 'cache', 'api', 'web'], true));
    await click('more');
    expect(button('maintenance-all').disabled).toBe(true);
    await fireEvent.keyDown(document.activeElement!, { key: 'Escape' });
    const admin = engine.snapshot.projects[0]!.nodes.find(({ name }) => name === 'admin');
    expect(admin?.maintenance?.note).toBe('back at 15:00');
    await click('more');
    await click('end-maintenance-all');
    expect(engine.snapshot.projects[0]!.nodes.filter((node) => node.maintenance)).toEqual([]);
    await click('more');
    expect(button('end-maintenance-all').disabled).toBe(true);
    expect(button('end-maintenance-all').textContent).toContain('Nothing is in maintenance');
  });

  test('is not offered where nothing has visitors', async () => {
    await open('failing', 'broken');
    expect(screen.queryByTestId('more')).toBeNull();
  });
});

test('the places of a service for tunnels of its user are listed as public, and as none of KInfra', async () => {
  const engine = await open('requests');
  await choose('api');
  const links = screen.getAllByTestId('public-url');
  expect(links.map((link) => link.textContent)).toEqual([
    'shop.tunnel.example/api',
    'api.shop.tunnel.example',
  ]);
  expect(screen.getAllByTestId('exposed')[0]?.textContent).toContain(
    'off · no Cloudflare account has this name',
  );
  expect(screen.queryByTestId('show-qr')).toBeNull();
  await click(links[0]!);
  expect(engine.opened).toEqual(['https://shop.tunnel.example/api']);
  await choose('db');
  expect(screen.queryByTestId('exposed')).toBeNull();
});
