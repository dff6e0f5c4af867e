import { screen } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import { click, open, pass, useFakeClock } from './window';

useFakeClock();

const detail = () => screen.getByTestId('service-detail');

describe('the graph', () => {
  const box = (name: string) => screen.getByTestId(`graph-${name}`);
  const edge = (from: string, to: string) =>
    screen.getByTestId('service-graph').querySelector(`[data-edge="${from} ${to}"]`)!;

  test('takes the place of the list, for each project, and gives it back', async () => {
    await open('8');
    await click('as-graph');
    expect(screen.queryByTestId('service-db')).toBeNull();
    expect(box('db').textContent).toContain('healthy');
    expect(screen.getByTestId('as-graph').getAttribute('aria-pressed')).toBe('true');
    await click('project-blog');
    expect(box('store')).toBeTruthy();
    await click('as-list');
    expect(screen.queryByTestId('service-graph')).toBeNull();
    expect(screen.getByTestId('service-store')).toBeTruthy();
  });

  test('has a line for each dependency, and marks those that are waited for', async () => {
    await open('8');
    await click('as-graph');
    await click('project-blog');
    expect(edge('store', 'web').classList.contains('waited')).toBe(false);
    await click('action-start-all');
    expect(edge('store', 'web').classList.contains('waited')).toBe(true);
    expect(box('web').getAttribute('aria-label')).toBe('web: waits for store; starts after store');
    await pass(1_100);
    expect(edge('store', 'web').classList.contains('waited')).toBe(false);
    expect(box('web').dataset['phase']).toBe('starting');
  });

  test('says of a line what is waited for where that is not health', async () => {
    await open('30');
    await click('as-graph');
    expect(edge('migrate', 'users').classList.contains('completed')).toBe(true);
    expect(edge('kafka', 'buckets').classList.contains('started')).toBe(true);
    const legend = screen.getByTestId('service-graph').textContent;
    expect(legend).toContain('once started');
    expect(legend).toContain('once completed');
    expect(box('users').getAttribute('aria-label')).toContain('migrate (completed)');
  });

  test('shows the details of a box that is chosen', async () => {
    await open('8');
    await click('as-graph');
    box('api').focus();
    expect(document.activeElement).toBe(box('api'));
    await click('graph-api');
    expect(detail().getAttribute('aria-label')).toBe('About api');
    expect(edge('db', 'api').classList.contains('near')).toBe(true);
    expect(edge('db', 'search').classList.contains('near')).toBe(false);
    await click('graph-api');
    expect(screen.queryByTestId('service-detail')).toBeNull();
  });

  test('without a line or a service says so', async () => {
    await open('1');
    await click('as-graph');
    expect(screen.getByTestId('service-graph').textContent).toContain('Nothing depends on anything else');
  });
});
