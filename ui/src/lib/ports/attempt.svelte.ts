import type { Command, RequestOf, Response } from '../backend/backend';
import { toFailure } from '../backend/failure';
import type { Problem } from '../rpc/rpc';
import type { Session } from '../state/session.svelte';

/** The commands of one place in the window: whether one is under way, and why the last one was refused. */
export class Attempt {
  running = $state(false);
  problems = $state.raw<Problem[]>([]);

  /** Sends a command about ports and reads their list anew. `undefined` when it was refused, or another is under way. */
  async send<C extends Command>(session: Session, request: RequestOf<C>): Promise<Response<C> | undefined> {
    if (this.running) return undefined;
    this.running = true;
    this.problems = [];
    try {
      const response = await session.backend.call(request);
      await session.ports.refresh();
      return response;
    } catch (error) {
      this.problems = toFailure(error).problems;
      void session.ports.refresh();
      return undefined;
    } finally {
      this.running = false;
    }
  }

  dismiss(): void {
    this.problems = [];
  }
}
