import { fireEvent, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { click, open, pass, useFakeClock } from './window';

useFakeClock();

const openLog = () => open('8', undefined, 400);
const row = (name: string) => screen.getByTestId(`service-${name}`);
describe('the log', () => {
  const lines = () => screen.getByTestId('log-pane').querySelectorAll<HTMLElement>('.line');
  const texts = () => [...lines()].map((line) => line.textContent ?? '');

  test('follows what the services print', async () => {
    const engine = await openLog();
    const before = lines().length;
    engine.logs.append('shop', { service: 'api', stream: 'stdout', time: 0, text: 'a new line' });
    await pass(300);
    expect(lines()).toHaveLength(before + 1);
    expect(texts().at(-1)).toContain('a new line');
  });

  test('is filtered by the service that is chosen in the list or by its row', async () => {
    await openLog();
    await fireEvent.change(screen.getByTestId('log-filter'), { target: { value: 'db' } });
    await pass(300);
    const ofOne = lines().length;
    expect(ofOne).toBeGreaterThan(0);
    expect(ofOne).toBeLessThan(400);
    await fireEvent.click(within(row('db')).getByRole('button', { pressed: true }));
    await pass(300);
    expect(lines()).toHaveLength(400);
    expect(screen.getByTestId<HTMLSelectElement>('log-filter').value).toBe('');
  });

  test('is searched once typing rests, and the matches are marked', async () => {
    const engine = await openLog();
    await fireEvent.input(screen.getByTestId('log-search'), { target: { value: 'pos' } });
    await fireEvent.input(screen.getByTestId('log-search'), { target: { value: 'post' } });
    await pass(500);
    expect(texts().every((text) => text.toLowerCase().includes('post'))).toBe(true);
    expect(lines()[0]?.querySelector('mark')?.textContent).toBe('POST');
    const searches = engine.requests.filter(
      (request) => 'filter' in request.params && request.params.filter.pattern === 'pos',
    );
    expect(searches).toHaveLength(0);
  });

  test('says so when no line matches', async () => {
    await openLog();
    await fireEvent.input(screen.getByTestId('log-search'), { target: { value: 'zebra' } });
    await pass(500);
    expect(screen.getByTestId('log-pane').textContent).toContain('No line matches "zebra".');
  });

  test('tells what is wrong with an expression, and goes on once it is right', async () => {
    await openLog();
    const search = screen.getByTestId('log-search');
    await fireEvent.input(search, { target: { value: 'get (' } });
    await pass(500);
    expect(within(screen.getByTestId('log-pane')).getByRole('alert').textContent).toContain('is no regular');
    await fireEvent.input(search, { target: { value: '^get' } });
    await pass(500);
    expect(within(screen.getByTestId('log-pane')).queryByRole('alert')).toBeNull();
    expect(lines().length).toBeGreaterThan(0);
  });

  test('is that of one run, or since some minutes, when these are chosen', async () => {
    await openLog();
    await fireEvent.change(screen.getByTestId('log-filter'), { target: { value: 'db' } });
    await pass(300);
    const all = lines().length;
    const begins = screen.getByTestId('log-pane').querySelectorAll('.begins');
    expect([...begins].map((text) => text.textContent)).toEqual([
      expect.stringMatching(/^── run 2 · started \d\d:\d\d:\d\d ──$/),
    ]);
    const run = screen.getByTestId<HTMLSelectElement>('log-run');
    expect([...run.options].map((option) => option.value)).toEqual(['', '0', '-1', '2', '1']);
    await fireEvent.change(run, { target: { value: '1' } });
    await pass(300);
    const first = lines().length;
    await fireEvent.change(run, { target: { value: '0' } });
    await pass(300);
    expect(first).toBeGreaterThan(0);
    expect(first + lines().length).toBe(all);
    await fireEvent.change(screen.getByTestId('log-filter'), { target: { value: '' } });
    expect(run.value).toBe('0');
    await fireEvent.change(run, { target: { value: '' } });
    await pass(60_000);
    await fireEvent.change(screen.getByTestId('log-since'), { target: { value: '5' } });
    await pass(300);
    expect(lines().length).toBeGreaterThan(300);
    expect(lines().length).toBeLessThan(400);
  });

  test('pauses when scrolled up and goes on when told to jump to the newest line', async () => {
    await openLog();
    const scroller = screen.getByRole('log');
    Object.defineProperties(scroller, { scrollHeight: { value: 900 }, clientHeight: { value: 300 } });
    scroller.scrollTop = 600;
    await fireEvent.scroll(scroller);
    expect(screen.queryByTestId('log-follow')).toBeNull();
    scroller.scrollTop = 200;
    await fireEvent.scroll(scroller);
    expect(screen.getByTestId('log-follow').textContent?.trim()).toBe('Jump to newest');
    await click('log-follow');
    expect(screen.queryByTestId('log-follow')).toBeNull();
    expect(scroller.scrollTop).toBe(900);
  });

  test('is copied as plain text', async () => {
    const engine = await openLog();
    await click('log-copy');
    const copied = engine.copied[0]?.trimEnd().split('\n') ?? [];
    // And the line that tells of another run.
    expect(copied).toHaveLength(401);
    expect(engine.copied[0]).not.toContain('\x1b');
    expect(copied.at(-1)).toMatch(/^\d\d:\d\d:\d\d \w+ \S/);
  });

  test('has the lines that do not match, when these are asked for', async () => {
    const engine = await openLog();
    const invert = screen.getByTestId('log-invert');
    await click(invert);
    // Without anything to match, every line is shown.
    expect(lines()).toHaveLength(400);
    await fireEvent.input(screen.getByTestId('log-search'), { target: { value: 'GET' } });
    await pass(500);
    expect(invert.getAttribute('aria-pressed')).toBe('true');
    expect(lines().length).toBeGreaterThan(0);
    expect(texts().some((text) => text.includes('GET'))).toBe(false);
    expect(screen.getByTestId('log-pane').querySelector('mark')).toBeNull();
    const asked = engine.requests.at(-1)?.params;
    expect(asked).toMatchObject({ filter: { pattern: 'GET', invert: true } });
    await click(invert);
    await pass(300);
    expect(texts().every((text) => text.includes('GET'))).toBe(true);
  });

  test('lies between two moments, written as for the command', async () => {
    const engine = await openLog();
    expect(screen.queryByTestId('log-until')).toBeNull();
    await fireEvent.change(screen.getByTestId('log-since'), { target: { value: 'between' } });
    const write = async (field: string, value: string) => {
      await fireEvent.change(screen.getByTestId(field), { target: { value } });
      await pass(300);
    };
    const now = Date.now();
    await write('log-from', '4m');
    await write('log-until', ' 2m ');
    const filter = engine.requests.findLast(({ command }) => command === 'logs.read')?.params;
    expect(filter).toMatchObject({ filter: { services: [] } });
    const { since, until } = (filter as { filter: { since: number; until: number } }).filter;
    expect(until - since).toBe(2 * 60_000);
    expect(Math.abs(now - 2 * 60_000 - until)).toBeLessThan(1_000);
    // Two minutes of a line each 700 ms.
    expect(lines().length).toBeGreaterThan(160);
    expect(lines().length).toBeLessThan(180);
    await write('log-until', 'soon');
    expect(screen.getByTestId('log-until').getAttribute('aria-invalid')).toBe('true');
    expect(within(screen.getByTestId('log-pane')).getByRole('alert').textContent).toContain(
      '"soon" is no moment: write a duration before now such as 10m',
    );
    await fireEvent.change(screen.getByTestId('log-since'), { target: { value: 'any' } });
    await pass(300);
    expect(lines()).toHaveLength(400);
  });
});
