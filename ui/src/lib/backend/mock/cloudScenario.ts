/** Resources that clouds run, each in another state, and what their vendors say of them. */
import type { Inspection, OfferedAction } from '../../rpc/rpc';
import { MOCK_PROXY_PORT, type Scenario, type ServicePlan } from './plans';

const resource = (kind: string, what: string) => ({ kind, what, pauses: true, inspects: true });

const on = (action: string, label: string, target: string, confirm?: string): OfferedAction => ({
  action,
  label,
  target,
  ...(confirm !== undefined && { confirm }),
});
const reset = (branch: string) =>
  on(
    'reset-branch',
    'Reset',
    branch,
    `Reset the branch ${branch} of shop at Neon to main? All that was written to it since is lost.`,
  );
const remove = (branch: string) =>
  on('delete-branch', 'Delete', branch, `Delete the branch ${branch} of shop at Neon, with all data in it?`);

const NEON: Inspection = {
  vendor: 'Neon',
  sign_in: { who: 'ada@example.com' },
  facts: [
    {
      name: 'Project',
      value: 'shop (quiet-river-31415926)',
      url: 'https://console.neon.tech/app/projects/quiet-river-31415926',
    },
    { name: 'Region', value: 'aws-eu-central-1' },
    { name: 'Postgres', value: '18' },
    { name: 'Branch', value: 'dev/ada' },
    { name: 'Compute', value: 'active' },
    { name: 'Size', value: 'up to 2 CU' },
  ],
  lists: [
    {
      title: 'Branches',
      items: [
        { name: 'main', state: 'ready', tone: 'good', detail: 'default, protected' },
        {
          name: 'dev/ada',
          state: 'ready',
          tone: 'good',
          detail: 'used here, of main',
          actions: [reset('dev/ada'), remove('dev/ada')],
        },
        {
          name: 'preview/fix-login-when-the-session-expired',
          state: 'archived',
          tone: 'quiet',
          detail: 'of main',
          actions: [
            reset('preview/fix-login-when-the-session-expired'),
            remove('preview/fix-login-when-the-session-expired'),
          ],
        },
      ],
    },
    { title: 'Operations', items: [], problem: 'the API key may not list operations' },
  ],
  actions: [
    { action: 'pause', label: 'Pause' },
    { action: 'create-branch', label: 'Create a branch', input: 'Name of the branch' },
  ],
};

const VERCEL: Inspection = {
  vendor: 'Vercel',
  sign_in: {
    who: 'ada (Analytical Engines)',
    missing: ['the right to change environment variables: they are set by hand'],
    unproven: ['rolling back'],
  },
  facts: [
    { name: 'Project', value: 'site', url: 'https://vercel.com/analytical-engines/site' },
    { name: 'Production', value: 'site-analytical.vercel.app', url: 'https://site-analytical.vercel.app' },
  ],
  lists: [
    {
      title: 'Deployments',
      items: [
        {
          name: 'site-7f3k2-analytical.vercel.app',
          url: 'https://site-7f3k2-analytical.vercel.app',
          state: 'BUILDING',
          tone: 'changing',
          detail: 'preview, of fix-login, 20 s ago',
          actions: [on('cancel', 'Cancel', 'dpl_7f3k2', 'Cancel the deployment of fix-login at Vercel?')],
        },
        {
          name: 'site-19ab4-analytical.vercel.app',
          url: 'https://site-19ab4-analytical.vercel.app',
          state: 'READY',
          tone: 'good',
          detail: 'production, of main, 2 h ago',
          actions: [on('redeploy', 'Redeploy', 'dpl_19ab4')],
        },
        {
          name: 'site-0c51d-analytical.vercel.app',
          state: 'ERROR',
          tone: 'bad',
          detail: 'preview, of try-edge, 3 h ago: Command "npm run build" exited with 1',
          actions: [on('redeploy', 'Redeploy', 'dpl_0c51d')],
        },
      ],
    },
  ],
  actions: [{ action: 'pause', label: 'Pause', confirm: 'Pause site at Vercel? Its visitors get an error.' }],
};

const plain = (vendor: string, more: Partial<Inspection> = {}): Inspection => ({
  vendor,
  sign_in: { who: 'ada@example.com' },
  facts: [{ name: 'Plan', value: 'free' }],
  lists: [],
  actions: [{ action: 'resume', label: 'Resume' }],
  ...more,
});

const SHOP: ServicePlan[] = [
  { name: 'api', port: 20119, dependsOn: ['db'] },
  { name: 'web', port: 20123, dependsOn: ['api'] },
  {
    name: 'db',
    resource: resource('neon', 'quiet-river-31415926'),
    cloud: { seen: NEON },
  },
  {
    name: 'site',
    resource: resource('vercel', 'site'),
    cloud: { seen: VERCEL, pauseQuestion: 'Pause site at Vercel? Its visitors get an error.' },
  },
  {
    name: 'auth',
    resource: resource('supabase', 'abcdefghijklmnop'),
    fate: 'paused_by_vendor',
    cloud: {
      seen: plain('Supabase', {
        lists: [{ title: 'Parts', items: [{ name: 'database', state: 'INACTIVE', tone: 'quiet' }] }],
      }),
    },
  },
  {
    name: 'worker',
    resource: resource('render', 'srv-worker'),
    fate: 'paused',
    cloud: { seen: plain('Render'), answers: 'slowly' },
  },
  {
    name: 'queue',
    resource: resource('railway', 'queue'),
    cloud: { seen: plain('Railway'), answers: 'not' },
  },
  {
    name: 'search',
    resource: resource('railway', 'search'),
    cloud: { seen: plain('Railway'), answers: 'refusing' },
  },
];

export function clouds(): Scenario {
  const only = SHOP.filter(({ name }) => name === 'worker');
  return {
    answered: 12,
    proxy: { port: MOCK_PROXY_PORT },
    projects: [
      { slug: 'shop', folder: '/home/ada/code/shop', services: SHOP, running: true },
      { slug: 'tools', folder: '/home/ada/code/tools', services: only, running: true },
    ],
  };
}
