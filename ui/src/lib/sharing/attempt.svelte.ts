import type { Command, RequestOf } from '../backend/backend';
import { toFailure } from '../backend/failure';
import type { Problem } from '../rpc/rpc';
import type { Session } from '../state/session.svelte';

/** The commands of the view of what is public: why the last one was refused. */
export class Attempt {
  problems = $state.raw<Problem[]>([]);

  async send<C extends Command>(session: Session, request: RequestOf<C>): Promise<void> {
    try {
      await session.backend.call(request);
      this.problems = [];
    } catch (error) {
      this.problems = toFailure(error).problems;
    }
  }

  dismiss(): void {
    this.problems = [];
  }
}
