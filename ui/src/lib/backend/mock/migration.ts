/** What KInfra 1.0 left on the machine of the in-memory engine. */
import type { Migrated, MigrationPlan, MigrationUndone } from '../../rpc/rpc';
import type { Scenario } from './plans';

const NOTHING: MigrationPlan = {
  projects: [],
  tunnels: [],
  set_aside: [],
  notes: [],
  files: [],
  pending: false,
};

const BACKUP = '/home/ada/.local/state/kinfra/migrations/1';

export class MockMigration {
  readonly #found: MigrationPlan;
  readonly #paceMs: number;
  #isDone = false;

  constructor({ left }: Scenario, paceMs: number) {
    this.#found = left ?? NOTHING;
    this.#paceMs = paceMs;
  }

  get plan(): MigrationPlan {
    if (!this.#isDone) return this.#found;
    const projects = this.#found.projects.map(({ text: _written, ...project }) => ({
      ...project,
      services: project.services.map(({ detail, pid: _pid, ...service }) =>
        service.step === 'keep' || service.step === 'adopt'
          ? { ...service, step: 'settled' as const, to_fill_in: false }
          : { ...service, ...(detail !== undefined && { detail }) },
      ),
    }));
    return { ...this.#found, projects, pending: false };
  }

  async apply(): Promise<Migrated> {
    const plan = this.plan;
    if (!plan.pending) return { plan, problems: [] };
    await new Promise((resolve) => setTimeout(resolve, this.#paceMs));
    this.#isDone = true;
    return { plan, backup: BACKUP, problems: [] };
  }

  undo(): MigrationUndone {
    if (!this.#isDone) return { found: false, done: [], kept: [] };
    this.#isDone = false;
    const done = this.#found.projects.map(({ name }) => `${name} is forgotten with its ports`);
    return { found: true, done, kept: [] };
  }
}
