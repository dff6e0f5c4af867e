import { screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { asked, choose, click, open, pass, type, useFakeClock } from './window';

useFakeClock();

const environment = () => within(screen.getByTestId('environment'));
const names = () =>
  environment()
    .queryAllByRole('listitem')
    .map((item) => item.dataset['testid']?.replace('variable-', ''));
const variable = (name: string) => screen.getByTestId(`variable-${name}`);

async function unfolded(service = 'api') {
  const engine = await open('8');
  await choose(service);
  await click('unfold-environment');
  return engine;
}

describe('the environment of a service', () => {
  test('is read once it is unfolded, and stays unfolded for the next service', async () => {
    const engine = await open('8');
    await choose('api');
    expect(asked(engine, 'service.environment')).toBe(0);
    await click('unfold-environment');
    expect(engine.requests).toContainEqual({
      command: 'service.environment',
      params: { project: 'shop', service: 'api' },
    });
    expect(variable('DB_PORT').textContent).toMatch(/DB_PORT\s*20117\s*from what it depends on/);
    await choose('db');
    expect(variable('PORT').textContent).toMatch(/20117\s*from its ports, over that of the system/);
    expect(screen.queryByTestId('variable-DB_PORT')).toBeNull();
  });

  test('is read anew with another start, and not otherwise', async () => {
    const engine = await unfolded();
    const before = asked(engine, 'service.environment');
    await pass(5_000);
    expect(asked(engine, 'service.environment')).toBe(before);
    await click('detail-restart-api');
    await pass(3_000);
    expect(asked(engine, 'service.environment')).toBeGreaterThan(before);
  });

  test('says of each value where it comes from', async () => {
    await unfolded();
    expect(variable('SESSION_SECRET').textContent).toContain('from /home/ada/code/shop/.env');
    expect(variable('LOG_LEVEL').textContent).toContain(
      "from the service's env, over that of the project's env, a file of the project",
    );
  });

  test('leaves out what KInfra was started with, until that is asked for', async () => {
    await unfolded();
    expect(names()).not.toContain('PATH');
    expect(screen.getByTestId('environment-all').textContent).toBe('Also the 3 of the system');
    await click('environment-all');
    expect(names()).toContain('PATH');
  });

  test('is searched by name, value and origin, also what is left out', async () => {
    await unfolded();
    await type('environment-search', 'path');
    expect(names()).toEqual(['PATH']);
    await type('environment-search', '127.0.0.1 depends');
    expect(names()).toEqual(['CACHE_URL', 'DB_URL']);
    await type('environment-search', 'battery');
    expect(names()).toEqual([]);
    expect(screen.getByTestId('environment').textContent).toContain('No variable matches "battery".');
  });

  test('hides what is secret until that is asked for', async () => {
    await unfolded();
    const secret = variable('SESSION_SECRET');
    expect(secret.textContent).toContain('[hidden]');
    expect(secret.outerHTML).not.toContain('battery');
    expect(variable('DATABASE_URL').textContent).toContain('postgres://shop:[hidden]@127.0.0.1:20117/shop');
    expect(within(variable('LOG_LEVEL')).queryByRole('button', { name: /^Show/ })).toBeNull();
    await click(within(secret).getByRole('button', { name: 'Show the value of SESSION_SECRET' }));
    expect(secret.textContent).toContain('correct horse battery staple');
    await click(within(secret).getByRole('button', { name: 'Hide the value of SESSION_SECRET' }));
    expect(secret.outerHTML).not.toContain('battery');
  });

  test('is copied value by value, or what is shown as lines for a shell', async () => {
    const engine = await unfolded();
    await click(
      within(variable('SESSION_SECRET')).getByRole('button', { name: 'Copy the value of SESSION_SECRET' }),
    );
    await type('environment-search', 'db_');
    await click('copy-environment');
    expect(engine.copied).toEqual([
      'correct horse battery staple',
      "export DB_PORT='20117'\nexport DB_URL='http://127.0.0.1:20117'\n",
    ]);
  });

  test('that cannot be read says why', async () => {
    const engine = await open('8');
    await choose('api');
    const call = engine.call.bind(engine);
    engine.call = (request) =>
      request.command === 'service.environment'
        ? Promise.reject({ problems: [{ code: 'io', message: 'reading /home/ada/code/shop/.env: denied' }] })
        : call(request);
    await click('unfold-environment');
    expect(screen.getByTestId('environment').textContent).toContain("can't be read: reading /home/ada");
  });
});
