import type { Backend } from '../backend/backend';
import { toFailure } from '../backend/failure';
import type { Migrated, MigrationPlan, MigrationUndone, Problem } from '../rpc/rpc';

/**
 * What KInfra 1.0 left on this machine, and what became of it. Looked for once when the window opens; whatever keeps it
 * from being found takes nothing from the window.
 */
export class MigrationBook {
  plan = $state.raw<MigrationPlan>();
  /** What was moved over from this window. */
  done = $state.raw<Migrated>();
  undone = $state.raw<MigrationUndone>();
  problems = $state.raw<Problem[]>([]);
  running = $state(false);
  /** The user has said *Not now*; for as long as this window lives. */
  putAside = $state(false);
  readonly #backend: Backend;
  #looked = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Whether there is anything to be moved over. */
  get pending(): boolean {
    return this.plan?.pending === true;
  }

  async look(): Promise<void> {
    if (this.#looked) return;
    this.#looked = true;
    await this.#read().catch(() => undefined);
  }

  async apply(): Promise<void> {
    await this.#do(async () => {
      this.undone = undefined;
      this.done = await this.#backend.call({ command: 'migration.apply', params: { folders: [] } });
    });
  }

  async undo(): Promise<void> {
    await this.#do(async () => {
      this.undone = await this.#backend.call({ command: 'migration.undo', params: {} });
      // What stays because it runs can be taken back later.
      if (this.undone.kept.length === 0) this.done = undefined;
    });
  }

  async #read(): Promise<void> {
    this.plan = await this.#backend.call({ command: 'migration.plan', params: { folders: [] } });
  }

  async #do(act: () => Promise<void>): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      await act();
      this.problems = [];
      await this.#read();
    } catch (error) {
      this.problems = toFailure(error).problems;
    } finally {
      this.running = false;
    }
  }
}
