/**
 * The accounts of the in-memory engine, and what they have at Cloudflare. What a token may do is told by its text: one
 * with `ended` or `lacking` in it is refused, one that begins with `cfat_` needs the id of its account.
 */
import type {
  AccountInfo,
  AccountList,
  AccountPlan,
  AddAccount,
  SweepTunnels,
  TakeOverRecord,
  TunnelPlans,
  TunnelsSwept,
} from '../../rpc/rpc';
import { CREATE_LINK } from './cloudflareScenario';
import { refuse } from './outcomes';
import type { Scenario } from './plans';
import type { MockSecrets } from './secrets';

const UNKNOWN = 'Cloudflare knows no such API token, or it has ended';
const ANOTHER = 'create another API token and store it in the place of this one';

export class MockCloudflare {
  accounts: AccountInfo[];
  plans: TunnelPlans;
  readonly #secrets: MockSecrets;
  readonly #paceMs: number;

  constructor({ accounts = [], atCloudflare }: Scenario, secrets: MockSecrets, paceMs: number) {
    this.accounts = structuredClone(accounts);
    this.plans = structuredClone(atCloudflare ?? { accounts: [], homeless: [] });
    this.#secrets = secrets;
    this.#paceMs = paceMs;
  }

  list(): AccountList {
    return { accounts: this.accounts, create_link: CREATE_LINK };
  }

  async add({ name, token = '', account }: AddAccount): Promise<AccountInfo> {
    if (!/^[A-Za-z0-9._-]{1,40}$/.test(name))
      refuse(
        'invalid_request',
        `an account can't be called "${name}"`,
        'up to 40 letters, digits, `-`, `_` and `.`',
      );
    if (/\s/.test(token.trim()))
      refuse(
        'invalid_request',
        "the token holds a space, a line break or another character that none of Cloudflare's has: paste the token alone, without the word Bearer and without quotes",
      );
    await this.#answer();
    const refused = `the account ${name}: cannot verify the API token: ${UNKNOWN}`;
    if (token.includes('ended')) refuse('tunnel_refused', `${refused}: Invalid API Token`, ANOTHER);
    const owned = token.startsWith('cfat_');
    if (owned && account === undefined)
      refuse(
        'tunnel_refused',
        `${refused}: it says that an account owns it, and reaches no zone that would tell which: name the account's ID`,
        ANOTHER,
      );
    if (token.includes('lacking'))
      refuse(
        'tunnel_refused',
        `the API token of the account ${name} lacks: Account / Cloudflare Tunnel / Edit, Zone / DNS / Edit`,
        `create one that has all: ${CREATE_LINK}`,
      );
    this.#secrets.set(`cloudflare/${name}`, token);
    const info: AccountInfo = {
      name,
      owner: owned ? 'account' : 'user',
      accounts: [account ?? 'Ada Lovelace'],
      zones: ['example.com', 'example.net'],
      missing: [],
      unproven: ['Zone / DNS / Edit'],
      notes: [],
    };
    const others = this.accounts.filter((known) => known.name !== name);
    this.accounts = [...others, info].sort((a, b) => a.name.localeCompare(b.name));
    return info;
  }

  remove(name: string): void {
    if (!this.accounts.some((known) => known.name === name))
      refuse('invalid_request', `no account is called ${name}`, 'kinfra accounts lists those that are known');
    this.accounts = this.accounts.filter((known) => known.name !== name);
    this.#secrets.stored.delete(`cloudflare/${name}`);
  }

  async plan(): Promise<TunnelPlans> {
    await this.#answer();
    return structuredClone(this.plans);
  }

  async sweep({ also }: SweepTunnels): Promise<TunnelsSwept> {
    await this.#answer();
    const found = this.plans.accounts.flatMap(({ leftovers }) => leftovers);
    const deleted = found.filter(({ id }) => also.includes(id));
    const unknown = also.filter((id) => !found.some((leftover) => leftover.id === id));
    const done = this.plans.accounts.flatMap(({ steps }) => steps);
    this.#each((plan) => ({
      ...plan,
      steps: [],
      leftovers: plan.leftovers.filter(({ id }) => !also.includes(id)),
    }));
    return {
      done: [...done, ...deleted.map(({ what }) => `deleted ${what}`)],
      refused: unknown.map((id) => `${id} is none of what was left over`),
      left: found.filter(({ id }) => !also.includes(id)),
    };
  }

  takeOver({ host, seal }: TakeOverRecord): void {
    const record = this.plans.accounts
      .flatMap(({ foreign }) => foreign)
      .find((foreign) => foreign.host === host);
    if (record?.seal !== seal)
      refuse(
        'tunnel_refused',
        `the DNS record of ${host} has changed since it was shown: look at it again, then decide`,
      );
    this.#each((plan) => ({ ...plan, foreign: plan.foreign.filter((foreign) => foreign !== record) }));
  }

  #each(change: (plan: AccountPlan) => AccountPlan): void {
    this.plans = { ...this.plans, accounts: this.plans.accounts.map(change) };
  }

  #answer(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#paceMs));
  }
}
