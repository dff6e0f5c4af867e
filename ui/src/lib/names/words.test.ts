import { describe, expect, test } from 'vitest';

import { scenario } from '../backend/mock/scenarios';
import { stoppedProject } from '../backend/mock/plans';
import type { NodeState } from '../rpc/rpc';
import { domains, localUrls } from './words';

const [plan] = scenario('names').projects;
const project = stoppedProject(plan!);
const urls = (name: string, port?: number) => {
  const node = project.nodes.find((node) => node.name === name);
  return localUrls(node!, port);
};

describe('the names of services', () => {
  test('are URLs through the proxy, while that listens', () => {
    expect(urls('web', 7080)).toEqual([
      'http://web.shop.localhost:7080',
      'http://shop.localhost:7080',
      'http://shop.test:7080',
    ]);
    expect(urls('api', 80)).toEqual(['http://api.shop.localhost:80', 'http://shop.localhost:80/api']);
    expect(urls('api')).toEqual([]);
    expect(urls('worker', 7080)).toEqual([]);
  });

  test('are the endpoint of an MCP server', () => {
    const web = project.nodes.find((node) => node.name === 'api')!;
    const mcp = {
      transport: 'http',
      path: '/mcp',
      detect: { local: [], production_hosts: [], development_hosts: [] },
    };
    expect(localUrls({ ...web, mcp } as NodeState, 80)).toEqual([
      'http://api.shop.localhost:80/mcp',
      'http://shop.localhost:80/api',
    ]);
  });

  test('that are not in localhost are domains', () => {
    expect(domains(project)).toEqual(['shop.test']);
  });
});
