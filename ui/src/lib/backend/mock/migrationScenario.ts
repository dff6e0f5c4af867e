/** A machine on which KInfra 1.0 was used, and a little of everything that it left. */
import type { MigratedService, MigrationPlan } from '../../rpc/rpc';

const service = (name: string, port: number, more: Partial<MigratedService> = {}): MigratedService => ({
  name,
  port,
  step: 'keep',
  public: [],
  to_fill_in: false,
  ...more,
});

const python = (name: string) => `/home/ada/.local/state/kinfra/python/${name}`;

export const LEFT_BEHIND: MigrationPlan = {
  projects: [
    {
      name: 'pilot',
      folder: '/home/ada/code/pilot',
      generated: false,
      range: { first: 8100, last: 8199 },
      text: `# Written by \`kinfra migrate\` from what KInfra 1.0 and its settings had of this project. It is yours to change:
# docs/configuration.md says what can stand here, \`kinfra up\` starts it.
project: pilot
ports:
  # where its ports were chosen
  range: 8100-8199
services:
  server:
    # How it is started is not known: write that in the place of this line, and take the next two out.
    run: exit 1
    manual: true
    restart: never
    port: [8100]  # kinfra_config.yaml
    public: [pilot.example.com]  # kinfra_config.yaml
`,
      services: [service('server', 8100, { public: ['pilot.example.com'], to_fill_in: true })],
      sources: ['/home/ada/code/pilot/kinfra_config.yaml'],
    },
    {
      name: 'zen',
      folder: python('zen'),
      generated: true,
      range: { first: 8000, last: 9000 },
      text: '…',
      services: [service('server', 8123, { step: 'adopt', pid: 4812 })],
      sources: ['/home/ada/.kinfra_smart_infra/zen_config.json'],
    },
    {
      name: 'python',
      folder: python('python'),
      generated: true,
      text: '…',
      services: [
        service('api', 8001, { public: ['api.example.com', 'example.com/api'], tunnel: 'api-tunnel' }),
        service('my worker', 8002, {
          detail: 'node (pid 977) is on it now, and is not known to be the old server: it is left alone',
        }),
        service('web', 3000, { step: 'conflict', detail: "it is web's of shop" }),
      ],
      sources: ['/home/ada/.kinfra/port_registry.json'],
    },
  ],
  tunnels: [
    {
      tunnel: 'api-tunnel',
      hosts: ['api.example.com', 'example.com'],
      command: 'kinfra tunnels adopt api-tunnel api.example.com example.com --migrate',
      pid: 1288,
      connector: 'know',
    },
  ],
  set_aside: [
    {
      file: '/home/ada/.kinfra_smart_infra/lab_config.json',
      why: 'it is no JSON: EOF while parsing an object at line 1 column 59',
    },
  ],
  notes: ['server of pilot had port 50002 too, by /home/ada/code/pilot/.tunnel_config.json: 8100 is kept'],
  files: ['/home/ada/.kinfra/port_registry.json', '/home/ada/.kinfra_smart_infra/zen_config.json'],
  pending: true,
};
