import { describe, expect, test } from 'vitest';

import { stoppedProject } from '../backend/mock/plans';
import { dependantsOf, withDependants, withDependencies } from './dependencies';

const { nodes } = stoppedProject({
  slug: 'shop',
  folder: '/shop',
  services: [
    { name: 'db' },
    { name: 'api', dependsOn: ['db'] },
    { name: 'web', dependsOn: ['api', 'db'] },
    { name: 'docs' },
  ],
});

describe('what a command reaches', () => {
  test('downwards is all that the named ones depend on', () => {
    expect([...withDependencies(nodes, ['web'])].sort()).toEqual(['api', 'db', 'web']);
    expect([...withDependencies(nodes, ['docs'])]).toEqual(['docs']);
  });

  test('upwards is all that depends on them, however far', () => {
    expect([...withDependants(nodes, ['db'])].sort()).toEqual(['api', 'db', 'web']);
    expect(dependantsOf(nodes, 'db').map(({ name }) => name)).toEqual(['api', 'web']);
    expect(dependantsOf(nodes, 'web')).toEqual([]);
  });
});
