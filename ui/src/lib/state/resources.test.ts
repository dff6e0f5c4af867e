import { expect, test } from 'vitest';

import { stoppedNode, type ServicePlan } from '../backend/mock/plans';
import { apart, hostAndPort, madeOf, madeOfLine } from './resources';

const node = (plan: ServicePlan) => stoppedNode({ slug: 'shop', folder: '/shop', services: [] }, plan);

test('a resource is told by its template, without one by its type, and by what it is made of', () => {
  const made = { kind: 'docker', template: 'postgres', what: 'postgres:18.6' };
  const line = (resource: ServicePlan['resource']) =>
    madeOfLine(node({ name: 'db', ...(resource && { resource }) }));
  expect(line(made)).toBe('postgres · postgres:18.6');
  expect(line({ kind: 'docker', what: 'built here' })).toBe('docker · built here');
  expect(line({ kind: 'command' })).toBe('command');
  expect(line(undefined)).toBe('');
  expect(madeOf(node({ name: 'db', resource: made }))).toEqual({ of: 'postgres', what: 'postgres:18.6' });
});

test('services and resources stand apart, each in the order that they had', () => {
  const resource = { kind: 'command' };
  const nodes = [
    node({ name: 'db', resource }),
    node({ name: 'web' }),
    node({ name: 'migrate', kind: 'task' }),
    node({ name: 'mail', resource }),
  ];
  const { services, resources } = apart(nodes);
  expect(services.map(({ name }) => name)).toEqual(['web', 'migrate']);
  expect(resources.map(({ name }) => name)).toEqual(['db', 'mail']);
});

test('only what has a port has an address', () => {
  expect(hostAndPort(node({ name: 'db', port: 20117, resource: { kind: 'docker' } }))).toBe(
    '127.0.0.1:20117',
  );
  expect(hostAndPort(node({ name: 'api', resource: { kind: 'api' } }))).toBeUndefined();
});
