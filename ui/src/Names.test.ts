import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import App from './App.svelte';
import { MockEngine } from './lib/backend/mock/engine';
import { scenario } from './lib/backend/mock/scenarios';
import { Session } from './lib/state/session.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

async function open(name: string): Promise<MockEngine> {
  const engine = new MockEngine(scenario(name), { paceMs: 1_000 });
  const session = new Session(engine);
  render(App, { session });
  await session.connect();
  await pass(50);
  return engine;
}

async function choose(service: string): Promise<void> {
  await fireEvent.click(within(screen.getByTestId(`service-${service}`)).getByText(service));
  await pass(50);
}

const asked = (engine: MockEngine) =>
  engine.requests.filter(({ command }) => command === 'doctor.examine').length;

describe('the names of a service', () => {
  test('stand all in its details, and open in the browser', async () => {
    const engine = await open('names');
    await choose('web');
    const links = within(screen.getByTestId('local-urls')).getAllByRole('link');
    expect(links.map((link) => link.textContent)).toEqual([
      'web.shop.localhost:7080',
      'shop.localhost:7080',
      'shop.test:7080',
    ]);
    await fireEvent.click(links[1]!);
    expect(engine.opened).toEqual(['http://shop.localhost:7080']);
    await choose('worker');
    expect(screen.queryByTestId('local-urls')).toBeNull();
  });

  test('that programs do not find come with what to do', async () => {
    await open('names');
    await choose('api');
    const names = within(screen.getByTestId('local-urls')).getByTestId('names-localhost');
    expect(names.textContent).toContain('libnss-myhostname');
  });

  test('that lead nowhere are told with the project until they are mended', async () => {
    const engine = await open('names');
    expect(screen.getByTestId('names').textContent).toContain("echo '127.0.0.1 shop.test # KInfra'");
    expect(screen.getByTestId('names').textContent).not.toContain('myhostname');
    engine.names = [];
    await fireEvent.focus(window);
    await pass(50);
    expect(screen.queryByTestId('names')).toBeNull();
  });

  test('are asked for only where there are domains', async () => {
    const engine = await open('8');
    await fireEvent.focus(window);
    await pass(50);
    expect(asked(engine)).toBe(0);
    expect(screen.queryByTestId('names')).toBeNull();
  });
});
