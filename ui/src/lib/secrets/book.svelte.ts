import type { Backend, Command, RequestOf } from '../backend/backend';
import { toFailure } from '../backend/failure';
import type { Problem, SecretList } from '../rpc/rpc';

/** What is known of secrets, for as long as the view of them is on show; no value is in it. */
export class SecretBook {
  list = $state.raw<SecretList>();
  /** Why it could not be read. */
  problems = $state.raw<Problem[]>([]);
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async refresh(): Promise<void> {
    try {
      this.list = await this.#backend.call({ command: 'secrets.list', params: {} });
      this.problems = [];
    } catch (error) {
      this.problems = toFailure(error).problems;
    }
  }

  /** Sends a change and reads the list anew. Answers with why it was refused. */
  async change<C extends Command>(request: RequestOf<C>): Promise<Problem[]> {
    try {
      await this.#backend.call(request);
      return [];
    } catch (error) {
      return toFailure(error).problems;
    } finally {
      await this.refresh();
    }
  }
}
