/** A machine on which ports are in each state that they can be in, some in the way of others. */
import type { PortHolder } from '../../rpc/rpc';
import { MOCK_PROXY_PORT, type Scenario } from './plans';

const HOUR_MS = 3_600_000;

export const POSTGRES: PortHolder = {
  pid: 903,
  start_time: '48213',
  since: Date.now() - 26 * HOUR_MS,
  user: 'ada',
  program: 'postgres',
  command: 'postgres -D /home/ada/data/pg16 -p 20117 -c shared_buffers=256MB',
  folder: '/home/ada/data/pg16',
};

const NGINX: PortHolder = {
  pid: 812,
  start_time: '2291',
  since: Date.now() - 290 * HOUR_MS,
  user: 'root',
  program: 'nginx',
  command: 'nginx: master process /usr/sbin/nginx -g daemon on;',
  folder: '/',
};

const CONTAINER: PortHolder = { user: 'root', container: 'old-shop-search-1' };
const SOMEBODY: PortHolder = { user: 'grace' };

const OLD_DOCS: PortHolder = {
  pid: 22_190,
  start_time: '7781034',
  since: Date.now() - HOUR_MS / 5,
  user: 'ada',
  program: 'node',
  command: 'node /home/ada/code/docs/node_modules/.bin/vite --port 21510 --strictPort --host 127.0.0.1',
  folder: '/home/ada/code/docs',
  project: 'docs',
};

export function ports(): Scenario {
  return {
    proxy: { port: MOCK_PROXY_PORT },
    reserved: [
      { range: { first: 5432, last: 5432 }, reason: 'Postgres of the machine', from_settings: true },
      { range: { first: 8000, last: 8099 }, reason: 'the VPN client', from_settings: false },
    ],
    projects: [
      {
        slug: 'shop',
        folder: '/home/ada/code/shop',
        running: true,
        services: [
          { name: 'db', port: 20117, holder: POSTGRES },
          { name: 'cache', port: 20118 },
          { name: 'api', port: 20119, morePorts: [{ name: 'metrics', port: 20125 }] },
          { name: 'search', port: 20120, holder: CONTAINER },
          { name: 'worker' },
          { name: 'names', port: 20122, morePorts: [{ name: 'dns', port: 20126, protocol: 'udp' }] },
          { name: 'web', port: 20123, listensOn: 5173 },
        ],
      },
      {
        slug: 'blog',
        folder: '/home/ada/code/blog',
        services: [
          { name: 'store', port: 21402, holder: SOMEBODY },
          { name: 'web', port: 21403, dependsOn: ['store'] },
          { name: 'edge', port: 21404, holder: NGINX },
        ],
      },
      {
        slug: 'docs',
        folder: '/home/ada/code/docs',
        running: true,
        services: [{ name: 'site', port: 21510, holder: OLD_DOCS, adopted: true }],
      },
    ],
  };
}
