/** What services need, of many kinds and in many states; and a project that has nothing else. */
import { MOCK_PROXY_PORT, type Scenario, type ServicePlan } from './plans';

const docker = (template: string, what: string) => ({ kind: 'docker', template, what });

const SHOP: ServicePlan[] = [
  { name: 'api', port: 20119, dependsOn: ['cache', 'db'], fate: 'waits' },
  { name: 'worker', dependsOn: ['search', 'sandbox'], fate: 'waits' },
  { name: 'web', port: 20123, dependsOn: ['db', 'mail'] },
  { name: 'db', port: 20117, portName: 'postgres', resource: docker('postgres', 'postgres:18.6') },
  {
    name: 'cache',
    port: 20118,
    portName: 'redis',
    fate: 'fetches',
    resource: docker('redis', 'redis:8.6-alpine'),
  },
  {
    name: 'mail',
    port: 20125,
    morePorts: [{ name: 'smtp', port: 20126 }],
    resource: docker('mailpit', 'axllent/mailpit:v1.30'),
  },
  {
    name: 'search',
    port: 20120,
    portName: 'native',
    fate: 'unreachable',
    resource: { kind: 'docker', what: 'built here' },
  },
  { name: 'sandbox', resource: { kind: 'api' } },
];

const INFRA: ServicePlan[] = [
  { name: 'queue', port: 21_500, portName: 'nats', resource: docker('nats', 'nats:2.12-alpine') },
  { name: 'files', port: 21_501, resource: docker('minio', 'quay.io/minio/minio:latest') },
  { name: 'vpn', resource: { kind: 'command' } },
];

export function resources(): Scenario {
  return {
    answered: 12,
    proxy: { port: MOCK_PROXY_PORT },
    projects: [
      { slug: 'shop', folder: '/home/ada/code/shop', services: SHOP, running: true },
      { slug: 'infra', folder: '/home/ada/code/infra', services: INFRA },
    ],
  };
}
