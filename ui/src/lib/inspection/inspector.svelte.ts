/**
 * Theory of operation. What a resource is where it runs, asked for while it is on show. Each look is several calls of a
 * vendor's API, so nothing is asked without need: when it is shown, when the engine says that something about it has
 * changed, after something was done with it, and every five seconds while the vendor itself is at work on it, unless
 * the window is hidden. One look at a time; what is asked for meanwhile is one more after it. What was seen last stays
 * on show while a later look fails.
 */
import type { Backend } from '../backend/backend';
import { toFailure } from '../backend/failure';
import type { Inspection, Problem } from '../rpc/rpc';
import { isChanging } from './words';

const PAUSE_MS = 5_000;

export class Inspector {
  seen = $state.raw<Inspection>();
  problems = $state.raw<Problem[]>([]);
  /** Somebody waits for the answer: nothing is there yet, or they asked for it. */
  asking = $state(false);
  /** What came of the last thing that was done, and the place where it was, while that may still be under way. */
  told = $state.raw<{ place: string; text: string }>();
  readonly #backend: Backend;
  readonly #of: { project: string; resource: string };
  #open = false;
  #looking = false;
  #again = false;
  /** Looks that are still due after something was done: vendors are late with their own news. */
  #after = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: Backend, of: { project: string; resource: string }) {
    this.#backend = backend;
    this.#of = of;
  }

  open(): void {
    this.#open = true;
    document.addEventListener('visibilitychange', this.#shown);
  }

  close(): void {
    this.#open = false;
    document.removeEventListener('visibilitychange', this.#shown);
    clearTimeout(this.#timer);
  }

  /** Looks because a person wants to see it. */
  look(): void {
    this.asking = true;
    this.refresh();
  }

  /** Looks without a word. */
  refresh(): void {
    if (this.seen === undefined) this.asking = true;
    clearTimeout(this.#timer);
    if (this.#looking) this.#again = true;
    else void this.#look();
  }

  /** Something was done with it, at this place. */
  done(place: string, text: string): void {
    this.told = { place, text };
    this.#after = 1;
    this.refresh();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    try {
      const seen = await this.#backend.call({ command: 'resource.inspect', params: this.#of });
      [this.seen, this.problems] = [seen, []];
    } catch (error) {
      this.problems = toFailure(error).problems;
    }
    this.#looking = false;
    if (!this.#open) return;
    if (this.#again) {
      this.#again = false;
      void this.#look();
      return;
    }
    this.asking = false;
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (!this.#open || this.problems.length > 0) return;
    if (this.#after === 0 && !(this.seen && isChanging(this.seen))) {
      this.told = undefined;
      return;
    }
    if (document.hidden) return;
    this.#timer = setTimeout(() => {
      this.#after = 0;
      this.refresh();
    }, PAUSE_MS);
  }

  #shown = () => this.#looking || this.#wait();
}
