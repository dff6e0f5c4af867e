/** The window on an engine in memory, as most tests need it: with a clock that only they move. */
import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';

import App from '../App.svelte';
import { MockEngine } from '../lib/backend/mock/engine';
import type { Scenario } from '../lib/backend/mock/plans';
import { scenario } from '../lib/backend/mock/scenarios';
import { Session } from '../lib/state/session.svelte';

/** How long a service takes to start in the tests, in milliseconds. */
const PACE_MS = 1_000;
/** How much was printed before: enough for most tests, as jsdom takes its time for each line. */
const PRINTED = 20;
/** What answers at once has answered after this, in milliseconds. */
const MOMENT_MS = 50;

export function useFakeClock(): void {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());
}

export const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

/** Opens the window, at the first project if none is named. */
export async function open(what: string | Scenario, project?: string, printed?: number): Promise<MockEngine> {
  return (await openSession(what, project, printed)).engine;
}

/** The same for tests that do what the app around the window does. */
export async function openSession(
  what: string | Scenario,
  project?: string,
  printed = PRINTED,
): Promise<{ engine: MockEngine; session: Session }> {
  const engine = new MockEngine(typeof what === 'string' ? scenario(what) : what, {
    paceMs: PACE_MS,
    printed,
  });
  const session = new Session(engine);
  render(App, { session });
  await session.connect();
  if (project !== undefined) session.select(project);
  await pass(MOMENT_MS);
  return { engine, session };
}

export async function click(what: string | HTMLElement): Promise<void> {
  await fireEvent.click(typeof what === 'string' ? screen.getByTestId(what) : what);
  await pass(MOMENT_MS);
}

/** Shows the details of a service, or leaves them. */
export async function choose(service: string): Promise<void> {
  await click(within(screen.getByTestId(`service-${service}`)).getByText(service));
}

export function type(testid: string, value: string): Promise<unknown> {
  return fireEvent.input(screen.getByTestId(testid), { target: { value } });
}

/** How often a command was sent. */
export const asked = (engine: MockEngine, command: string) =>
  engine.requests.filter((request) => request.command === command).length;
