/** The ports of the machine, as the tests of their table and of taken ones look at them. */
import { screen, within } from '@testing-library/svelte';

import type { MockEngine } from '../lib/backend/mock/engine';
import { click, open } from './window';

export const claim = (id: string) => screen.getByTestId(`claim-${id}`);
export const use = (id: string) => claim(id).dataset['use'];
/** The texts of the cells of a row: port, project, service, state, holder. */
export const cells = (id: string) =>
  within(claim(id))
    .getAllByRole('cell')
    .slice(0, 5)
    .map((cell) => cell.textContent?.trim().replace(/\s+/g, ' '));

export async function openPorts(): Promise<MockEngine> {
  const engine = await open('ports');
  await click(screen.getByTestId('show-ports'));
  return engine;
}

export const clickIn = (id: string, testid: string) => click(within(claim(id)).getByTestId(testid));

/** What was sent about ports beside the readings of their list. */
export const sent = (engine: MockEngine) =>
  engine.requests.filter(({ command }) => command.startsWith('port.') && command !== 'port.list');
export const readings = (engine: MockEngine) =>
  engine.requests.filter(({ command }) => command === 'port.list').length;
