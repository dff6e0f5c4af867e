/**
 * Theory of operation. What is known of Cloudflare accounts, for as long as the view of what is public is on show; no
 * token is in it. The plan is asked for by a person only, since it takes many calls of Cloudflare's API. What changes
 * something is followed by another look, so that no plan is on show that can't be true any more.
 */
import type { Backend, Command, RequestOf } from '../backend/backend';
import { toFailure } from '../backend/failure';
import type { AccountInfo, AccountList, ForeignRecord, Problem, TunnelPlans, TunnelsSwept } from '../rpc/rpc';

export class CloudflareBook {
  list = $state.raw<AccountList>();
  /** Why it could not be read. */
  problems = $state.raw<Problem[]>([]);
  plans = $state.raw<TunnelPlans>();
  /** What the last sweep did. */
  swept = $state.raw<TunnelsSwept>();
  /** Why there is no plan, or nothing was swept. */
  refused = $state.raw<Problem[]>([]);
  doing = $state<'looking' | 'sweeping'>();
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get accounts(): AccountInfo[] {
    return this.list?.accounts ?? [];
  }

  async refresh(): Promise<void> {
    this.problems = await this.#attempt(async () => {
      this.list = await this.#backend.call({ command: 'account.list', params: {} });
    });
  }

  /** Adds or removes an account. Answers with why that was refused. */
  async change<C extends Command>(request: RequestOf<C>): Promise<Problem[]> {
    const problems = await this.#attempt(() => this.#backend.call(request));
    if (problems.length === 0) [this.plans, this.swept] = [undefined, undefined];
    await this.refresh();
    return problems;
  }

  async look(): Promise<void> {
    if (this.doing !== undefined) return;
    this.swept = undefined;
    await this.#look();
  }

  /** Cleans up, and deletes these leftovers too. Why not stands above all plans, since those are looked at anew. */
  async sweep(also: string[]): Promise<Problem[]> {
    if (this.doing !== undefined) return [];
    this.doing = 'sweeping';
    this.swept = undefined;
    const problems = await this.#attempt(async () => {
      this.swept = await this.#backend.call({ command: 'tunnel.sweep', params: { also } });
    });
    await this.#look(problems);
    return [];
  }

  /** Answers with why it was refused: the record is another one by now, say. */
  async takeOver({ host, seal }: ForeignRecord): Promise<Problem[]> {
    const request: RequestOf<'tunnel.take_over'> = { command: 'tunnel.take_over', params: { host, seal } };
    const problems = await this.#attempt(() => this.#backend.call(request));
    if (problems.length === 0) await this.#look();
    return problems;
  }

  async #look(before: Problem[] = []): Promise<void> {
    this.doing = 'looking';
    const problems = await this.#attempt(async () => {
      this.plans = await this.#backend.call({ command: 'tunnel.plan', params: { everything: true } });
    });
    if (problems.length > 0) this.plans = undefined;
    this.refused = [...before, ...problems];
    this.doing = undefined;
  }

  async #attempt(act: () => Promise<unknown>): Promise<Problem[]> {
    try {
      await act();
      return [];
    } catch (error) {
      return toFailure(error).problems;
    }
  }
}
