import type { Condition, Exposure } from '../../rpc/rpc';
import { ACCOUNTS, AT_CLOUDFLARE } from './cloudflareScenario';
import { clouds } from './cloudScenario';
import { LEFT_BEHIND } from './migrationScenario';
import { ports, POSTGRES } from './portScenario';
import { resources } from './resourceScenario';
import { MOCK_PROXY_PORT, type Fate, type ProjectPlan, type Scenario, type ServicePlan } from './plans';

const PROXY = { port: MOCK_PROXY_PORT };

const SHOP: ServicePlan[] = [
  { name: 'db', port: 20117 },
  { name: 'cache', port: 20118 },
  { name: 'api', port: 20119, dependsOn: ['db', 'cache'] },
  { name: 'search', port: 20120, dependsOn: ['db'] },
  { name: 'worker', dependsOn: ['db', 'cache'] },
  { name: 'mailer', dependsOn: ['cache'] },
  { name: 'web', port: 20123, dependsOn: ['api'] },
  { name: 'admin', port: 20124, dependsOn: ['api', 'search'] },
];

const BLOG: ServicePlan[] = [
  { name: 'store', port: 21402 },
  { name: 'web', port: 21403, dependsOn: ['store'] },
];

function one(): Scenario {
  return {
    proxy: PROXY,
    projects: [
      {
        slug: 'hello',
        folder: '/home/ada/code/hello',
        services: [{ name: 'web', port: 20050 }],
        running: true,
      },
    ],
  };
}

function eight(): Scenario {
  return {
    answered: 8,
    proxy: PROXY,
    projects: [
      { slug: 'shop', folder: '/home/ada/code/shop', services: SHOP, running: true },
      { slug: 'blog', folder: '/home/ada/code/blog', services: BLOG },
      {
        slug: 'lab',
        folder: '/home/ada/code/lab',
        services: [{ name: 'notebook', port: 22001, fate: 'unhealthy' }, { name: 'runner' }],
        running: true,
      },
    ],
  };
}

/** The configurations of two projects were edited; of the second one it doesn't come up. */
function changed(): Scenario {
  const { proxy, projects } = eight();
  const [shop, blog, ...others] = projects;
  if (!shop || !blog) return { proxy, projects };
  const settings = [
    { key: 'run', before: 'api --fast', after: 'api --slow' },
    { key: 'env.LOG_LEVEL', after: 'debug' },
  ];
  const changes = [
    { service: 'api', kind: 'changed' as const, settings, restarts: true },
    { service: 'mail', kind: 'added' as const, settings: [], restarts: false },
    { service: 'legacy', kind: 'removed' as const, settings: [], restarts: false },
  ];
  const rolledBack = [{ code: 'not_healthy' as const, message: 'api: exited with code 3' }];
  return { proxy, projects: [{ ...shop, changes }, { ...blog, changes, rolledBack }, ...others] };
}

/** A project with all that a start may leave out or reach by a name. */
function selection(): Scenario {
  const services: ServicePlan[] = [
    { name: 'db', port: 20117 },
    { name: 'migrate', kind: 'task', fate: 'completes', dependsOn: ['db'] },
    { name: 'api', port: 20119, dependsOn: ['db', 'migrate'], conditions: { migrate: 'completed' } },
    { name: 'web', port: 20123, dependsOn: ['api'] },
    { name: 'mail', port: 20125, optional: true },
    { name: 'load', optional: true, dependsOn: ['api'] },
    { name: 'console', optional: true, dependsOn: ['db'] },
  ];
  const groups = { back: ['db', 'api'], 'by-hand': ['mail', 'console'] };
  const profiles = { bench: ['load'], dev: ['mail', 'load'] };
  const shop = { slug: 'shop', folder: '/home/ada/code/shop', services, groups, profiles };
  const other = { ...shop, slug: 'shop-next', folder: '/home/ada/code/shop-next' };
  return { proxy: PROXY, projects: [{ ...shop, running: true }, other] };
}

/** A busy project that is shown to people outside, two of its services being worked on. */
function requests(): Scenario {
  const outside = (path: string) => ({ host: 'shop.tunnel.example', path });
  const mine: Record<string, Partial<ServicePlan>> = {
    web: { published: [outside('/')], route: '/' },
    api: { published: [outside('/api'), { host: 'api.shop.tunnel.example', path: '/' }], route: '/api' },
    admin: { maintenance: { note: 'back at 15:00' } },
    search: { maintenance: {} },
    cache: { fate: 'crashes' },
  };
  const services = SHOP.map((service) => ({ ...service, ...mine[service.name] }));
  const shop = { slug: 'shop', folder: '/home/ada/code/shop', services, running: true };
  return { answered: 1_000, proxy: PROXY, projects: [shop] };
}

/** Much is public: by a quick tunnel, by names of an account, one with a failure, one with an end, one parked. */
function shared(): Scenario {
  const now = Date.now();
  const named = (url: string, more: Partial<Exposure> = {}): Exposure => ({
    kind: 'named',
    url: `https://${url}`,
    status: 'healthy',
    reason: '4 connections',
    tunnel: 'account-example',
    ...more,
  });
  const quick = (service: string, more: Partial<Exposure>): Exposure => ({
    kind: 'quick',
    status: 'healthy',
    reason: '1 connection',
    tunnel: `quick-shop-${service}`,
    ...more,
  });
  const missing = "there is no cloudflared: a tunnel is made by this program of Cloudflare's";
  const mine: Record<string, Partial<ServicePlan>> = {
    web: {
      exposures: [
        quick('web', { url: 'https://calm-field-stone-maple.trycloudflare.com', ends_at: now + 58 * 60_000 }),
      ],
    },
    api: {
      exposures: [
        named('api.example.com'),
        named('shop.example.com/api'),
        { kind: 'named', status: 'healthy', reason: '4 connections', tunnel: 'account-example' },
      ],
      published: [{ host: '*.api.example.com', path: '/' }],
    },
    search: { exposures: [quick('search', { status: 'connecting', reason: 'connecting with Cloudflare' })] },
    admin: { exposures: [quick('admin', { status: 'down', reason: missing })] },
    mailer: {},
    cache: { exposures: [named('cache.example.com', { status: 'off', reason: 'not shared', tunnel: '' })] },
  };
  const services = SHOP.map((service) => ({ ...service, ...mine[service.name] }));
  const docs: ServicePlan[] = [
    { name: 'web', port: 21403, exposures: [named('blog.example.com', { tunnel: 'account-ada', ...LEFT })] },
    {
      name: 'docs',
      port: 21404,
      exposures: [named('docs.example.com', { status: 'off', reason: 'shared with the first start' })],
    },
  ];
  const since = now - 26 * 60_000;
  const base = { kind: 'quick' as const, since, hosts: [], connections: 0 };
  return {
    answered: 8,
    proxy: PROXY,
    projects: [
      { slug: 'shop', folder: '/home/ada/code/shop', services, running: true },
      { slug: 'blog', folder: '/home/ada/code/blog', services: docs, running: true },
      { slug: 'lab', folder: '/home/ada/code/lab', services: [{ name: 'notebook', port: 22001 }] },
    ],
    accounts: ACCOUNTS,
    atCloudflare: AT_CLOUDFLARE,
    tunnels: [
      { ...base, kind: 'named', name: 'account-ada', ...LEFT, connections: 1, protocol: 'http2', pid: 6_101 },
      {
        ...base,
        kind: 'named',
        name: 'account-example',
        status: 'healthy',
        reason: '4 connections',
        connections: 4,
        protocol: 'quic',
        pid: 6_102,
        hosts: ['api.example.com', 'shop.example.com'],
      },
      {
        ...base,
        name: 'quick-shop-admin',
        status: 'down',
        reason: missing,
        problem: {
          code: 'connector_missing',
          message: missing,
          hint: 'Install it, or say where it is: cloudflare: {program: PATH} in settings.yaml.',
        },
      },
      {
        ...base,
        name: 'quick-shop-search',
        status: 'connecting',
        reason: 'connecting with Cloudflare',
        since: now - 1_000,
      },
      {
        ...base,
        name: 'quick-shop-web',
        status: 'healthy',
        reason: '1 connection',
        connections: 1,
        protocol: 'quic',
        pid: 6_103,
        hosts: ['calm-field-stone-maple.trycloudflare.com'],
      },
    ],
  };
}

const LEFT = { status: 'degraded' as const, reason: '1 of 4 connections left' };

function sixty(): Scenario {
  const services = Array.from({ length: 60 }, (_, index): ServicePlan => {
    const name = `${['orders', 'stock', 'billing', 'users', 'events', 'media'][index % 6]}-${index + 1}`;
    return { name, port: 20200 + index, ...(index % 17 === 16 && { fate: 'unhealthy' as const }) };
  });
  const projects = Array.from({ length: 20 }, (_, index): ProjectPlan => {
    const slug = `team-${index + 1}`;
    return { slug, folder: `/home/ada/code/${slug}`, services: BLOG, running: index % 3 === 0 };
  });
  return {
    proxy: PROXY,
    projects: [{ slug: 'platform', folder: '/home/ada/code/platform', services, running: true }, ...projects],
  };
}

/** A large stack on its way up: what depends on what, with some trouble in it. */
function thirty(): Scenario {
  const layers = [
    ['postgres', 'redis', 'kafka', 'minio'],
    ['migrate', 'schema-registry', 'buckets', 'vault'],
    ['users', 'catalog', 'orders', 'billing', 'media', 'search', 'events'],
    ['gateway', 'worker', 'mailer', 'reports', 'indexer', 'thumbnails'],
    ['web', 'admin', 'mobile-bff', 'partner-api'],
  ];
  const fates: Record<string, Fate> = {
    search: 'retries',
    indexer: 'waits',
    admin: 'waits',
    media: 'unhealthy',
  };
  const services = layers.flatMap((names, layer) =>
    names.map((name, index): ServicePlan => {
      const [below = [], further = []] = [layers[layer - 1], layers[layer - 2]];
      const near =
        below.length === 0 ? [] : [below[index % below.length]!, below[(index + 1) % below.length]!];
      const far = further.length > 0 && index % 3 === 0 ? [further[index % further.length]!] : [];
      const dependsOn = name === 'indexer' ? ['search'] : [...new Set([...near, ...far])];
      const conditions: Record<string, Condition> = {};
      if (dependsOn.includes('migrate')) conditions['migrate'] = 'completed';
      if (dependsOn.includes('kafka')) conditions['kafka'] = 'started';
      return {
        name,
        port: 24_000 + layer * 20 + index,
        dependsOn,
        conditions,
        ...(fates[name] && { fate: fates[name] }),
      };
    }),
  );
  const apart = ['docs', 'storybook', 'mailpit', 'grafana', 'adminer'];
  services.push(...apart.map((name, index) => ({ name, port: 24_200 + index })));
  return {
    proxy: PROXY,
    projects: [{ slug: 'platform', folder: '/home/ada/code/platform', services, running: true }],
  };
}

function failing(): Scenario {
  const fates: Record<string, Fate> = {
    cache: 'crashes',
    search: 'command_missing',
    mailer: 'unhealthy',
    web: 'never_ready',
  };
  const services = SHOP.map(({ name, port }) => ({
    name,
    ...(port !== undefined && { port }),
    fate: fates[name] ?? (name === 'db' ? 'healthy' : 'crashes'),
    ...(name === 'db' && { holder: POSTGRES }),
  }));
  const file = '/home/ada/code/shop/kinfra.yaml';
  return {
    answered: 60,
    problems: [
      {
        code: 'store_set_aside',
        message: "KInfra's database could not be read, and was set aside.",
        hint: 'It is kept as ~/.local/share/kinfra/kinfra.db.broken; projects have to be added again.',
      },
    ],
    proxy: {
      problem: {
        code: 'proxy_port_taken',
        message: `The proxy can't listen on port ${MOCK_PROXY_PORT}: nginx (pid 812) holds it.`,
        hint: 'Stop that program, or let the proxy use another port.',
      },
      offered_port: 7081,
    },
    projects: [
      {
        slug: 'shop',
        folder: '/home/ada/code/shop',
        services,
        running: true,
        problems: [
          {
            code: 'config_unknown_key',
            message: 'Unknown key "comand" in service "api".',
            hint: 'Did you mean "run"?',
            place: { file, line: 14, column: 5 },
          },
          {
            code: 'config_cycle',
            message: 'The services wait for each other: web → api → admin → web.',
            hint: 'Take one of these out of depends_on.',
            place: { file, line: 31, column: 7 },
          },
        ],
      },
      {
        slug: 'broken',
        folder: '/home/ada/code/broken',
        services: [],
        problems: [
          {
            code: 'config_syntax',
            message: 'The file is no valid YAML: a tab where spaces were expected.',
            hint: 'Indent with spaces.',
            place: { file: '/home/ada/code/broken/kinfra.yaml', line: 3, column: 1 },
          },
        ],
      },
    ],
  };
}

function long(): Scenario {
  const slug = 'fix-login-when-the-session-expired.customer-relationship-management-suite';
  const services = SHOP.map((service) => ({
    ...service,
    name: `customer-facing-storefront-${service.name}-service-with-a-long-name`,
    dependsOn: [],
    ...(service.name === 'worker' && { fate: 'crashes' as const }),
    ...(service.name === 'db' && { holder: POSTGRES }),
  }));
  const folder =
    '/home/ada/code/clients/international-trading-company/customer-relationship-management-suite/branches/fix-login-when-the-session-expired';
  return { answered: 40, proxy: PROXY, projects: [{ slug, folder, services, running: true }] };
}

/** A project with a main service, a path and a domain, on a machine that finds none of these names. */
function names(): Scenario {
  const mine: Record<string, Partial<ServicePlan>> = {
    web: { route: '/', domains: ['shop.test'] },
    api: { route: '/api' },
  };
  const services = SHOP.map((service) => ({ ...service, ...mine[service.name] }));
  const line = (names: string) => `127.0.0.1 ${names} # KInfra`;
  const add = (names: string) => `echo '${line(names)}' | sudo tee -a /etc/hosts`;
  const remove = (names: string) => `sudo sed -i.bak '/^${line(names).replaceAll('.', '\\.')}$/d' /etc/hosts`;
  const local = 'shop.localhost web.shop.localhost api.shop.localhost';
  return {
    proxy: PROXY,
    projects: [{ slug: 'shop', folder: '/home/ada/code/shop', services, running: true }],
    names: [
      {
        id: 'names.localhost',
        level: 'note',
        title: 'names in localhost are found by browsers, but not by every program',
        details: ['kinfra-check.localhost: leads nowhere: Name or service not known'],
        steps: ['sudo apt install libnss-myhostname', add(local)],
        undo: [remove(local)],
      },
      {
        id: 'names.domains',
        level: 'bad',
        title: '1 domain does not lead to this machine',
        details: ['shop.test of web in shop: leads nowhere: Name or service not known'],
        steps: [add('shop.test')],
        undo: [remove('shop.test')],
      },
    ],
  };
}

/** Secrets of every origin, one of which is not set. */
function secrets(): Scenario {
  return {
    ...eight(),
    secrets: [
      { name: 'shop/database', usedBy: ['shop/api', 'shop/worker'], stored: true },
      { name: 'shop/mail', usedBy: ['shop/mailer'] },
      { name: 'npm-token', usedBy: ['shop/web', 'blog/web'], environment: true },
      { name: 'stripe', usedBy: ['shop/api'], source: 'op://dev/stripe/key' },
      { name: 'old', stored: true },
    ],
  };
}

const SCENARIOS: Record<string, () => Scenario> = {
  '1': one,
  '8': eight,
  '30': thirty,
  '60': sixty,
  changed,
  clouds,
  empty: () => ({ proxy: PROXY, projects: [] }),
  failing,
  left: () => ({ proxy: PROXY, projects: [], left: LEFT_BEHIND }),
  long,
  names,
  ports,
  requests,
  resources,
  secrets,
  locked: () => ({
    ...secrets(),
    keyring: { status: 'locked', message: 'the keyring is locked' },
  }),
  'no-keyring': () => ({
    ...secrets(),
    keyring: { status: 'absent', message: 'no keyring answers (no session bus)' },
  }),
  selection,
  shared,
};

/** The scenario of that name; with an unknown one, the usual: eight services. */
export function scenario(name: string | null): Scenario {
  return (SCENARIOS[name ?? '8'] ?? eight)();
}
