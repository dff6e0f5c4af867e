/**
 * Theory of operation. The book holds what the doctor last said of names. It is asked when something shows names, when
 * those change, and when the window is looked at again: somebody may have mended /etc/hosts meanwhile. One question
 * is under way at a time. What can't be asked stays as it was.
 */
import type { Backend } from '../backend/backend';
import type { Finding } from '../rpc/rpc';

export class NameBook {
  /** That names in `localhost` are not found by every program; undefined where they are. */
  localhost = $state.raw<Finding>();
  /** That domains don't lead to this machine; undefined where they do. */
  domains = $state.raw<Finding>();
  #backend: Backend;
  #asking: Promise<void> | undefined;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const findings = await this.#backend
      .call({ command: 'doctor.examine', params: {} })
      .then((answer) => answer.findings)
      .catch(() => undefined);
    if (!findings) return;
    const wrong = (name: string) => findings.find(({ id, level }) => id === name && level !== 'good');
    this.localhost = wrong('names.localhost');
    this.domains = wrong('names.domains');
  }
}
