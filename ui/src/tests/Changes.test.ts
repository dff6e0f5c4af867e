import { fireEvent, screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';

import { MockEngine } from '../lib/backend/mock/engine';
import { scenario } from '../lib/backend/mock/scenarios';
import { changeWords } from '../lib/state/changes';
import { open, pass, useFakeClock } from './window';

useFakeClock();

test('a changed configuration is shown with what it changes, and applied by a click', async () => {
  await open('changed', 'shop');
  const strip = screen.getByTestId('changes');
  expect(strip.textContent).toContain('api (run, env.LOG_LEVEL)');
  expect(strip.textContent).toContain('+ mail');
  expect(strip.textContent).toContain('− legacy');
  const apply = screen.getByTestId<HTMLButtonElement>('apply');
  await fireEvent.click(apply);
  await pass(50);
  expect([apply.disabled, apply.textContent]).toEqual([true, 'Applying…']);
  await pass(1_000);
  expect(screen.queryByTestId('changes')).toBeNull();
});

test('what did not come up is said, and that what was before is back', async () => {
  await open('changed', 'blog');
  await fireEvent.click(screen.getByTestId('apply'));
  await pass(1_100);
  const strip = screen.getByTestId('changes');
  expect(strip.textContent).toContain('It did not come up, so what was before is back.');
  expect(strip.textContent).toContain('api: exited with code 3');
  await fireEvent.click(screen.getByText('Dismiss'));
  expect(strip.textContent).not.toContain('exited with code 3');
});

test('a service that runs with older settings is named, once', () => {
  const state = new MockEngine(scenario('changed')).snapshot.projects[0]!;
  const nodes = state.nodes.map((node) => ({ ...node, changed: ['api', 'web'].includes(node.name) }));
  const texts = changeWords({ ...state, nodes }).map(({ text }) => text);
  expect(texts).toEqual(['api (run, env.LOG_LEVEL)', '+ mail', '− legacy', 'web']);
});
