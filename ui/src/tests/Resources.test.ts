import { screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { asked, choose, click, open, pass, useFakeClock } from './window';

useFakeClock();

const row = (name: string) => screen.getByTestId(`service-${name}`);
const detail = () => screen.getByTestId('service-detail');
const rows = (group: string) =>
  within(screen.getByTestId(`group-${group}`))
    .getAllByTestId(/^service-/)
    .map((row) => row.dataset['testid']?.replace('service-', ''));
const heads = (group: string) =>
  within(screen.getByTestId(`group-${group}`))
    .getAllByRole('columnheader')
    .map((head) => head.textContent);

describe('the resources of a project', () => {
  test('stand below its services under a head of their own, where there are both', async () => {
    await open('resources');
    expect(rows('service')).toEqual(['api', 'worker', 'web']);
    expect(rows('resource')).toEqual(['db', 'cache', 'mail', 'search', 'sandbox']);
    expect(heads('resource')).toEqual(['Resource', 'Type']);
    await click('project-infra');
    expect(screen.queryByTestId('group-service')).toBeNull();
    expect(heads('resource').slice(0, 4)).toEqual(['Resource', 'State', 'Port', 'Type']);
  });

  test('count as services do', async () => {
    await open('resources');
    expect(screen.getByTestId('project-status').textContent).toBe('failed · 4 of 8 healthy');
  });

  test('have what they are in the place of a URL, and an address to copy', async () => {
    const engine = await open('resources');
    expect(screen.getByTestId('what-db').textContent).toBe('postgres · postgres:18.6');
    expect(screen.getByTestId('what-sandbox').textContent).toBe('api');
    expect(screen.queryByTestId('url-db')).toBeNull();
    await click('copy-db');
    expect(engine.copied).toEqual(['127.0.0.1:20117']);
    expect(screen.queryByTestId('copy-sandbox')).toBeNull();
  });

  test('with pages of their own open them', async () => {
    const engine = await open('resources');
    await click('url-mail');
    await click('copy-mail');
    expect(engine.opened).toEqual(['http://mail.shop.localhost:7080']);
    expect(engine.copied).toEqual(engine.opened);
  });

  test('that fetch their image say how far they are, and are up then', async () => {
    await open('resources', 'infra');
    expect(row('queue').textContent).toContain('stopped');
    await click('project-shop');
    expect(row('cache').textContent).toContain('fetching 40 %');
    expect(row('cache').dataset['phase']).toBe('starting');
    await click('stop-cache');
    await pass(1_000);
    await click('start-cache');
    expect(row('cache').textContent).toContain('fetching 40 %');
    await pass(1_000);
    expect(row('cache').textContent).toContain('healthy');
  });

  test('whose Docker is away say so, with what to do', async () => {
    await open('resources');
    const problem = screen.getByTestId('problem-search').textContent;
    expect(problem).toContain("the Docker engine at /run/user/1000/podman/podman.sock doesn't answer");
    expect(problem).toContain('start it; KInfra goes on when it is there');
    await choose('search');
    expect(screen.getByTestId('trouble').textContent).toContain('KInfra goes on when it is there');
  });

  test('are told apart in the graph', async () => {
    await open('resources');
    await click('as-graph');
    expect(screen.getByTestId('graph-db').classList.contains('resource')).toBe(true);
    expect(screen.getByTestId('graph-web').classList.contains('resource')).toBe(false);
    expect(screen.getByTestId('graph-db').getAttribute('aria-label')).toMatch(
      /^db \(postgres · postgres:18\.6\): healthy/,
    );
    expect(screen.getByTestId('service-graph').textContent).toContain('resource');
    await click('project-infra');
    expect(screen.getByTestId('service-graph').textContent).toContain('Nothing depends on anything else');
  });

  test('have their own group among those whose log can be shown', async () => {
    await open('resources');
    const groups = () =>
      [...screen.getByTestId('log-filter').querySelectorAll('optgroup')].map((group) => [
        group.label,
        [...group.children].map((option) => option.textContent),
      ]);
    expect(groups()).toEqual([
      ['Services', ['api', 'worker', 'web']],
      ['Resources', ['db', 'cache', 'mail', 'search', 'sandbox']],
    ]);
    await click('project-infra');
    expect(groups()).toEqual([]);
  });

  test('are among those whose requests can be shown only where they have a URL', async () => {
    await open('resources');
    await click('pane-requests');
    const group = screen.getByTestId('request-filter').querySelector('optgroup[label="Resources"]');
    expect([...group!.children].map((option) => option.textContent)).toEqual(['mail']);
  });

  test('have their ports by their names', async () => {
    await open('resources');
    await click('show-ports');
    expect(screen.getByTestId('claim-shop-db-postgres').textContent).toContain('container kinfra-shop-db');
  });
});

describe('the details of a resource', () => {
  test('say what it is and where it is found', async () => {
    const engine = await open('resources');
    await choose('db');
    const said = within(detail()).getByTestId('resource').querySelectorAll('dt, dd');
    expect([...said].map((part) => part.textContent?.trim())).toEqual([
      ...['Template', 'postgres', 'Type', 'docker', 'Image', 'postgres:18.6'],
      ...['Address', '127.0.0.1:20117'],
    ]);
    await click('copy-address');
    expect(engine.copied).toEqual(['127.0.0.1:20117']);
  });

  test('offer nothing of HTTP where it has no URL', async () => {
    await open('resources');
    await choose('db');
    for (const absent of ['public', 'maintenance', 'local-urls', 'traffic'])
      expect(within(detail()).queryByTestId(absent)).toBeNull();
    await choose('mail');
    for (const present of ['public', 'maintenance', 'local-urls', 'traffic'])
      expect(within(detail()).getByTestId(present)).toBeTruthy();
    expect(within(detail()).queryByTestId('copy-address')).toBeNull();
  });

  test('have no figures where nobody knows them', async () => {
    const engine = await open('resources');
    await choose('db');
    expect(asked(engine, 'stack.usage')).toBe(1);
    expect(within(detail()).queryByTestId('usage')).toBeNull();
    await choose('web');
    expect(within(detail()).getByTestId('usage').textContent).toMatch(/CPU\s*[\d.]+ %/);
  });

  test('start, stop and restart it as a service', async () => {
    const engine = await open('resources');
    await choose('db');
    await click('detail-restart-db');
    expect(engine.requests).toContainEqual({
      command: 'stack.restart',
      params: { project: 'shop', services: ['db'] },
    });
  });
});
