/**
 * Theory of operation. What a service uses is asked for every two seconds, and only while somebody can see it: from
 * `open` to `close`, and not while the window is hidden. The next question waits for the answer of the one before.
 */
import type { NodeUsage, Problem } from '../rpc/rpc';
import { toFailure } from '../backend/failure';

const PAUSE_MS = 2_000;
/** One minute. */
export const HISTORY = 30;

export class UsageFollower {
  usage = $state.raw<NodeUsage>();
  /** Percentages, the newest last. */
  history = $state.raw<number[]>([]);
  problem = $state.raw<Problem>();
  #ask: () => Promise<NodeUsage | undefined>;
  #open = false;
  #asking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ask` answers nothing where there is no process. */
  constructor(ask: () => Promise<NodeUsage | undefined>) {
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

  #seen = () => {
    clearTimeout(this.#timer);
    if (!document.hidden && !this.#asking) void this.#next();
  };

  async #next(): Promise<void> {
    this.#asking = true;
    try {
      const usage = await this.#ask();
      if (!this.#open) return;
      this.usage = usage;
      this.problem = undefined;
      if (usage) this.history = [...this.history, usage.cpu_percent].slice(-HISTORY);
    } catch (error) {
      this.problem = toFailure(error).problems[0];
    } finally {
      this.#asking = false;
      if (this.#open && !document.hidden) this.#timer = setTimeout(() => void this.#next(), PAUSE_MS);
    }
  }
}
