/** The secrets of the in-memory engine, and its keyring: what is in there, and whether it can be looked into. */
import type { KeyringState, SecretInfo, SecretList, SecretUse } from '../../rpc/rpc';
import { refuse } from './outcomes';
import type { Scenario, SecretPlan } from './plans';

const NAME = /^[A-Za-z][A-Za-z0-9._/-]{0,99}$/;

export class MockSecrets {
  /** By name. Nobody but a test reads the values. */
  readonly stored = new Map<string, string>();
  keyring: KeyringState;
  readonly #used: SecretPlan[];

  constructor({ secrets = [], keyring = { status: 'available' } }: Scenario) {
    this.keyring = keyring;
    this.#used = secrets;
    for (const { name } of secrets.filter(({ stored }) => stored)) this.stored.set(name, 'as it was set');
  }

  list(): SecretList {
    const used = this.#used.filter(({ usedBy = [] }) => usedBy.length > 0).map(({ name }) => name);
    const names = new Set([...used, ...this.#visible()]);
    return { secrets: [...names].sort().map((name) => this.#info(name)), keyring: this.keyring };
  }

  set(name: string, value: string): void {
    if (!NAME.test(name)) refuse('invalid_request', `"${name}" can't be the name of a secret`);
    this.#unlocked(name, 'stored');
    this.stored.set(name, value);
  }

  delete(name: string): boolean {
    this.#unlocked(name, 'deleted');
    return this.stored.delete(name);
  }

  #visible(): string[] {
    return this.keyring.status === 'available' ? [...this.stored.keys()] : [];
  }

  #info(name: string): SecretInfo {
    const plan = this.#used.find((one) => one.name === name);
    const used_by: SecretUse[] = (plan?.usedBy ?? []).map((one) => {
      const [project = '', service = ''] = one.split('/');
      return { project, service, ...(plan?.source && { source: plan.source }) };
    });
    const in_keyring = this.#visible().includes(name);
    const upper = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
    const looked = this.keyring.status === 'available' ? (in_keyring ? 'keyring' : 'missing') : 'unknown';
    const origin = plan?.source ? 'source' : plan?.environment ? 'environment' : looked;
    return { name, origin, in_keyring, variable: `KINFRA_SECRET_${upper}`, used_by };
  }

  #unlocked(name: string, doing: string): void {
    if (this.keyring.status === 'available') return;
    const code = this.keyring.status === 'locked' ? 'keyring_locked' : 'keyring_absent';
    refuse(code, `the secret ${name} can't be ${doing}: ${this.keyring.message}`);
  }
}
