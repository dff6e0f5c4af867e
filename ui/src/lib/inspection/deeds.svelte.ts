/**
 * Theory of operation. What is done with resources where they run. The engine refuses what takes something away until
 * its own question comes back with it. A question that arrives for a click in a row, in the menu, or in a problem is
 * kept here: the details of its resource open, and ask it. Nothing is sent twice, and nothing is confirmed that was
 * not read: another question takes the place of the one before.
 */
import type { Backend } from '../backend/backend';
import { toFailure } from '../backend/failure';
import type { ActOnResource, Problem } from '../rpc/rpc';

/** A question that waits for its answer. */
export interface Asked {
  act: ActOnResource;
  /** As the button says it. */
  label: string;
  question: string;
}

/** What came of it: it was taken, has to be confirmed first, or was refused. */
export type Outcome = { text: string } | { question: string } | { problems: Problem[] };

export class Deeds {
  asked = $state.raw<Asked>();
  #underWay = $state.raw<string[]>([]);
  readonly #backend: Backend;
  readonly #tell: (project: string, problems: Problem[]) => void;

  /** `tell` shows the problems of a click that has no place of its own for them. */
  constructor(backend: Backend, tell: (project: string, problems: Problem[]) => void) {
    this.#backend = backend;
    this.#tell = tell;
  }

  isUnderWay(project: string, resource: string): boolean {
    return this.#underWay.includes(`${project}/${resource}`);
  }

  /** Does it, or has its question asked. */
  async act(act: ActOnResource, label: string): Promise<void> {
    const key = `${act.project}/${act.resource}`;
    if (this.#underWay.includes(key)) return;
    this.#underWay = [...this.#underWay, key];
    const outcome = await this.send(act);
    this.#underWay = this.#underWay.filter((other) => other !== key);
    if ('question' in outcome) this.asked = { act, label, question: outcome.question };
    else this.#tell(act.project, 'problems' in outcome ? outcome.problems : []);
  }

  /** Says yes to the question. Answers with why it was refused. */
  async confirm(): Promise<Problem[]> {
    const asked = this.asked;
    if (asked === undefined) return [];
    const outcome = await this.send({ ...asked.act, confirmed: asked.question });
    if (this.asked !== asked) return [];
    if ('problems' in outcome) return outcome.problems;
    this.asked = 'question' in outcome ? { ...asked, question: outcome.question } : undefined;
    return [];
  }

  async send(act: ActOnResource): Promise<Outcome> {
    try {
      return await this.#backend.call({ command: 'resource.act', params: act });
    } catch (error) {
      const { problems } = toFailure(error);
      const [first] = problems;
      return first?.code === 'not_confirmed' ? { question: first.message } : { problems };
    }
  }
}
