import { fireEvent, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { asked, choose, open, pass, useFakeClock } from './window';

useFakeClock();

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
    expect(asked(engine, 'doctor.examine')).toBe(0);
    expect(screen.queryByTestId('names')).toBeNull();
  });
});
