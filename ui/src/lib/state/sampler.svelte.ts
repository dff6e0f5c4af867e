/**
 * Theory of operation. Figures that nobody keeps are asked for every two seconds, and only while somebody can see them:
 * from `open` to `close`, and not while the window is hidden. The next question waits for the answer of the one before.
 */
import { toFailure } from '../backend/failure';
import type { Problem } from '../rpc/rpc';

const PAUSE_MS = 2_000;

export class Sampler<T> {
  value = $state.raw<T>();
  problem = $state.raw<Problem>();
  #ask: () => Promise<T | undefined>;
  #open = false;
  #asking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ask` answers nothing where there is nothing to measure. */
  constructor(ask: () => Promise<T | undefined>) {
    this.#ask = ask;
  }

  open(): void {
    this.#open = true;
    document.addEventListener('visibilitychange', this.#seen);
    this.#seen();
  }

  close(): void {
    this.#open = false;
    document.removeEventListener('visibilitychange', this.#seen);
    clearTimeout(this.#timer);
  }

  protected take(value: T | undefined): void {
    this.value = value;
  }

  #seen = () => {
    clearTimeout(this.#timer);
    if (!document.hidden && !this.#asking) void this.#next();
  };

  async #next(): Promise<void> {
    this.#asking = true;
    try {
      const value = await this.#ask();
      if (!this.#open) return;
      this.take(value);
      this.problem = undefined;
    } catch (error) {
      this.problem = toFailure(error).problems[0];
    } finally {
      this.#asking = false;
      if (this.#open && !document.hidden) this.#timer = setTimeout(() => void this.#next(), PAUSE_MS);
    }
  }
}
