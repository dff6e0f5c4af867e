/** Two accounts, one of which lacks something, and of everything that can stand at Cloudflare a little. */
import type { AccountInfo, TunnelPlans } from '../../rpc/rpc';

export const CREATE_LINK =
  'https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=%5B%7B%22key%22%3A%22argotunnel%22%2C%22type%22%3A%22edit%22%7D%2C%7B%22key%22%3A%22dns%22%2C%22type%22%3A%22edit%22%7D%2C%7B%22key%22%3A%22zone%22%2C%22type%22%3A%22read%22%7D%5D&accountId=*&zoneId=all&name=KInfra';

export const ACCOUNTS: AccountInfo[] = [
  {
    name: 'main',
    owner: 'user',
    accounts: ['Ada Lovelace'],
    zones: ['example.com', 'example.net'],
    missing: [],
    unproven: ['Zone / DNS / Edit'],
    notes: [],
  },
  {
    name: 'work',
    owner: 'account',
    accounts: ['Analytical Engines Ltd'],
    zones: ['engines.example', 'difference-engine.example', 'punched-cards.example', 'notes.example'],
    missing: ['Account / Cloudflare Tunnel / Edit'],
    unproven: [],
    notes: ['in the zone notes.example the token lacks Zone / DNS / Edit'],
    problem: {
      code: 'tunnel_refused',
      message: 'the API token of the account work lacks: Account / Cloudflare Tunnel / Edit',
      hint: `create one that has all: ${CREATE_LINK}`,
    },
  },
];

export const AT_CLOUDFLARE: TunnelPlans = {
  accounts: [
    {
      account: 'Ada Lovelace',
      steps: [
        "change the tunnel's rules: remove old.example.com",
        "delete the DNS record of old.example.com (before KInfra's there was: A 192.0.2.7)",
      ],
      foreign: [
        {
          host: 'www.example.com',
          what: 'CNAME hosting.example.net: somebody else has made it',
          seal: '5f0c9a31d2e4',
        },
      ],
      warnings: [
        "a.b.example.com is 2 levels below example.com: Cloudflare's free certificate covers one only, so browsers will refuse the connection; order an advanced certificate for *.b.example.com, or use a name like a-b.example.com",
      ],
      leftovers: [
        { id: 'c7f1', what: 'the tunnel kinfra-3f9a of another machine, inactive' },
        {
          id: '90be',
          what: 'the DNS record of demo.example.net, made by KInfra on another machine (3f9a), to a tunnel that is gone',
        },
      ],
    },
    { account: 'Byron Press', steps: [], foreign: [], warnings: [], leftovers: [] },
    {
      account: 'Analytical Engines Ltd',
      steps: [],
      foreign: [],
      warnings: [],
      leftovers: [],
      obstacle:
        'cannot list the tunnels: the API token may not do this (it needs Account / Cloudflare Tunnel / Edit): Authentication error',
    },
  ],
  homeless: ['shop.example.org'],
};
