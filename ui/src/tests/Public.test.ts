import { screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { choose, click, open, pass, useFakeClock } from './window';

useFakeClock();

const words = (testid: string) => screen.getByTestId(testid).textContent?.replace(/\s+/g, ' ').trim();
const button = (testid: string) => screen.getByTestId<HTMLButtonElement>(testid);
const look = (service: string) => screen.queryByTestId(`public-mark-${service}`)?.dataset['look'];
const share = (services: string[], more = {}) => ({
  command: 'tunnel.share',
  params: { project: 'shop', services, ...more },
});
const unshare = (services: string[]) => ({
  command: 'tunnel.unshare',
  params: { project: 'shop', services },
});

describe('a service is shared', () => {
  test('by one click in its details, has a URL a moment later, and is stopped by the same place', async () => {
    const engine = await open('8');
    await choose('web');
    expect(look('web')).toBeUndefined();
    await click('share');
    expect(engine.requests).toContainEqual(share(['web']));
    expect(words('exposed')).toContain('connecting…');
    expect(screen.queryByTestId('public-url')).toBeNull();
    expect(look('web')).toBe('busy');
    expect(screen.getByTestId('service-web').textContent).toContain('tunnel connecting');
    await pass(1_000);
    expect(words('exposed')).toContain('public: anyone with the link');
    expect(look('web')).toBe('public');
    await click('copy-public-url');
    await click('copy-public-web');
    await click('public-url');
    const [url] = engine.opened;
    expect(url).toMatch(/^https:\/\/[a-z-]+\.trycloudflare\.com$/);
    expect(engine.copied).toEqual([url, url]);
    await click('unshare');
    expect(engine.requests).toContainEqual(unshare(['web']));
    expect(screen.queryByTestId('exposed')).toBeNull();
    expect(look('web')).toBeUndefined();
    expect(button('share').disabled).toBe(false);
  });

  test('for a time, which is told and counted down until it ends by itself', async () => {
    const engine = await open('8');
    await choose('web');
    await click('share-times');
    await click('share-3600');
    expect(engine.requests).toContainEqual(share(['web'], { seconds: 3_600 }));
    await pass(61_000);
    expect(words('ends')).toBe('ends in 58 min');
    await click('share-times');
    expect(button('share-7200').textContent).toContain('End it in 2 hours');
    await click('share-7200');
    await pass(1_000);
    expect(words('ends')).toBe('ends in 1 h 59 min');
    await pass(2 * 3_600_000);
    expect(screen.queryByTestId('exposed')).toBeNull();
  });

  test('only while it runs, and only where it has visitors', async () => {
    await open('8', 'blog');
    await choose('web');
    expect(button('share').disabled).toBe(true);
    expect(button('share').title).toBe('It can be shared while it runs');
    expect(screen.queryByTestId('share-times')).toBeNull();
    await click('project-shop');
    await choose('worker');
    expect(screen.queryByTestId('public')).toBeNull();
  });

  test('with a word on what a quick tunnel can not, and a QR code for who asks', async () => {
    await open('shared');
    await choose('web');
    expect(words('public')).toContain('up to 200 requests at a time');
    expect(screen.queryByRole('img', { name: /^QR code/ })).toBeNull();
    await click('show-qr');
    const code = screen.getByRole('img', {
      name: 'QR code of https://calm-field-stone-maple.trycloudflare.com',
    });
    expect(code.querySelector('path')?.getAttribute('d')).toMatch(/^M4 4h1v1h-1z/);
    await click('show-qr');
    expect(screen.queryByRole('img', { name: /^QR code/ })).toBeNull();
    await choose('api');
    expect(words('public')).not.toContain('quick tunnel');
  });

  test('and says why it can not be reached, and how to start its tunnel anew', async () => {
    const engine = await open('shared');
    await choose('admin');
    expect(words('exposed')).toMatch(/^down: there is no cloudflared/);
    expect(words('public')).toContain('Install it, or say where it is');
    expect(look('admin')).toBe('failed');
    await click('restart-tunnel');
    expect(engine.requests).toContainEqual({
      command: 'tunnel.restart',
      params: { tunnel: 'quick-shop-admin' },
    });
    await pass(1_000);
    expect(words('exposed')).toContain('public: anyone with the link');
    expect(screen.queryByTestId('restart-tunnel')).toBeNull();
  });

  test('and has cloudflared loaded where there is none, and says how far that is', async () => {
    const engine = await open('shared');
    await choose('admin');
    await click('load-cloudflared');
    expect(engine.requests).toContainEqual({ command: 'tunnel.install', params: {} });
    expect(words('loading-cloudflared')).toBe('Loading cloudflared: 0 % of 42 MB');
    await pass(1_000);
    expect(words('loading-cloudflared')).toBe('Loading cloudflared: 40 % of 42 MB');
    await pass(3_000);
    expect(screen.queryByTestId('loading-cloudflared')).toBeNull();
    expect(screen.queryByTestId('load-cloudflared')).toBeNull();
    expect(words('exposed')).toContain('public: anyone with the link');
  });

  test('and its refusal is said', async () => {
    const engine = await open('8');
    await choose('web');
    engine.call = () => Promise.reject({ problems: [{ code: 'tunnel_failed', message: 'no cloudflared' }] });
    await click('share');
    expect(screen.getByTestId('problems').textContent).toContain('no cloudflared');
  });
});

test('every name of a service is listed with how it fares', async () => {
  await open('shared');
  await choose('api');
  const names = screen.getAllByTestId('exposed').map((one) => one.textContent?.replace(/\s+/g, ' ').trim());
  expect(names).toEqual([
    'public: anyone with the link api.example.com',
    'public: anyone with the link shop.example.com/api',
    'public: anyone with the link *.api.example.com',
  ]);
});

test('what is public is marked in the list, at the project, and beside the way to all of it', async () => {
  const engine = await open('shared');
  expect(['web', 'api', 'search', 'admin', 'cache', 'db'].map(look)).toEqual([
    'public',
    'public',
    'busy',
    'failed',
    undefined,
    undefined,
  ]);
  expect(words('project-public')).toBe('4 public 1 down');
  expect(words('public-count')).toBe('1 down 5');
  engine.fares('quick-shop-admin', 'healthy', '1 connection');
  await pass(50);
  expect(words('project-public')).toBe('4 public');
  expect(words('public-count')).toBe('5');
});

describe('the view of all that is public', () => {
  const rows = () =>
    within(screen.getByRole('table', { name: 'What is public' }))
      .getAllByRole('row')
      .slice(1)
      .map((row) => row.dataset['testid']);

  test('begins with what is open, and says what every tunnel does', async () => {
    await open('shared');
    await click('project-public');
    expect(words('public-line')).toBe('5 services are public: anyone with the link');
    expect(rows().map((row) => row?.replace('shared-', ''))).toEqual([
      'shop/api/0',
      'shop/api/1',
      'shop/api/2',
      'shop/search/0',
      'shop/web/0',
      'shop/admin/0',
      'blog/web/0',
      'shop/cache/0',
      'blog/docs/0',
    ]);
    expect(words('shared-blog/docs/0')).toContain('off · shared with the first start');
    expect(words('tunnel-account-ada')).toContain('degraded: 1 of 4 connections left');
    expect(words('tunnel-quick-shop-admin')).toContain('Install it, or say where it is');
    expect(words('tunnel-quick-shop-web')).toMatch(/healthy\s?1\s?quic/);
  });

  test('ends everything with one click', async () => {
    const engine = await open('shared');
    await click('show-public');
    await click('stop-sharing-everything');
    expect(engine.requests).toContainEqual({ command: 'tunnel.unshare', params: { services: [] } });
    expect(words('public-line')).toBe('Nothing is public');
    expect(button('stop-sharing-everything').disabled).toBe(true);
    expect(screen.queryByRole('table', { name: 'Tunnels' })).toBeNull();
    // What the configuration shares can be shared again from here.
    expect(words('shared-shop/api/0')).toContain('not shared');
    await click('share-shop/api/0');
    expect(words('public-line')).toBe('Public: anyone with the link');
  });

  test('ends one service, with all of its names, and starts a tunnel anew', async () => {
    const engine = await open('shared');
    await click('show-public');
    expect(screen.queryByTestId('unshare-shop/api/1')).toBeNull();
    await click('unshare-shop/api/0');
    expect(engine.requests).toContainEqual(unshare(['api']));
    await click('restart-quick-shop-admin');
    expect(words('tunnel-quick-shop-admin')).toContain('connecting…');
    await pass(1_000);
    expect(words('tunnel-quick-shop-admin')).toContain('healthy');
  });

  test('says what belongs there while nothing does', async () => {
    await open('8');
    await click('show-public');
    expect(words('public-view')).toContain('What you share stands here.');
    await click(screen.getByText('Show shop'));
    expect(screen.getByTestId('service-web')).toBeTruthy();
  });

  test('says why a command was refused', async () => {
    const engine = await open('shared');
    await click('show-public');
    const refused = { problems: [{ code: 'store_failed', message: 'The disk is full.' }] };
    engine.call = () => Promise.reject(refused);
    await click('stop-sharing-everything');
    expect(screen.getByRole('alert').textContent).toContain('The disk is full.');
  });
});
