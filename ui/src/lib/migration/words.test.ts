import { expect, test } from 'vitest';

import type { MigratedProject, MigratedService } from '../rpc/rpc';
import { connectorWords, offerWords, placeWords, stepWords } from './words';

const service = (more: Partial<MigratedService>): MigratedService => ({
  name: 'api',
  step: 'keep',
  public: [],
  to_fill_in: false,
  ...more,
});

const project = (more: Partial<MigratedProject>): MigratedProject => ({
  name: 'shop',
  folder: '/home/ada/shop',
  generated: false,
  services: [],
  sources: [],
  ...more,
});

test('what becomes of a port is said with who is on it and why', () => {
  expect(stepWords(service({})).text).toBe('is kept');
  expect(stepWords(service({ step: 'adopt', pid: 7 })).text).toBe(
    'is left to the old server, which runs on (pid 7)',
  );
  expect(stepWords(service({ step: 'conflict', detail: 'it is web’s of shop' })).text).toBe(
    'can’t be had: it is web’s of shop',
  );
  expect(stepWords(service({ step: 'settled' })).text).toBe('is its own already');
  expect(stepWords(service({ step: 'settled', detail: 'it is web’s of shop' })).text).toBe(
    'is moved over already: it is web’s of shop',
  );
});

test('a cloudflared that runs a tunnel goes on, and says how it ends', () => {
  const tunnel = { tunnel: 'byte', hosts: [], command: '', pid: 7 };
  expect(connectorWords({ ...tunnel, connector: 'know' })).toContain('kinfra tunnels retire byte ends it');
  expect(connectorWords({ ...tunnel, connector: 'stranger' })).toContain('left alone');
  expect(connectorWords(tunnel)).toContain('left alone');
});

test('the offer counts the ports that would be its services’ own', () => {
  const services = [
    service({}),
    service({ step: 'adopt' }),
    service({ step: 'conflict' }),
    service({ step: 'settled' }),
  ];
  const plan = { tunnels: [], set_aside: [], notes: [], files: [], pending: true };
  const blocked = project({ services, obstacle: 'its configuration has a problem' });
  expect(offerWords({ ...plan, projects: [project({ services }), blocked] })).toBe('2 ports of 1 project');
  expect(offerWords({ ...plan, projects: [project({}), project({})] })).toBe('0 ports of 2 projects');
});

test('a project of Python’s has no folder of its user’s', () => {
  const shown = (folder: string) => folder.replace('/home/ada', '~');
  expect(placeWords(project({}), shown)).toBe('~/shop');
  expect(placeWords(project({ generated: true }), shown)).toBe('in calls of Python');
});
