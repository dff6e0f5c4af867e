/**
 * Theory of operation. A follower reads the requests that the proxy answered by cursor: first the newest ones, then
 * again and again those after the cursor, each read waiting in the engine until there is something. So there is one
 * read at a time, and none after `close`. It keeps at most `MOST_REQUESTS`, as the proxy does. Each `open` begins a new
 * turn; answers of an earlier turn are ignored, and its requests stay until the first page of the new one is there, so
 * nothing flashes. The engine counts requests anew when it is started anew: an answer whose cursor lies before the one
 * that was asked with holds all that the new engine knows, and takes the place of what was there. A failed read is tried
 * again, ever more slowly, from the beginning.
 */
import { toFailure } from '../backend/failure';
import type { Problem, ReadRequests, RequestPage, RequestRecord } from '../rpc/rpc';

/** How many requests are kept: as many as the proxy keeps. */
export const MOST_REQUESTS = 1_000;
/** How long one read waits for a request, in milliseconds. */
const WAIT_MS = 20_000;
/** The shortest time between two reads, in milliseconds. */
const PAUSE_MS = 100;
/** The longest time between two failing reads, in milliseconds. */
const LONGEST_RETRY_MS = 5_000;

export interface RequestQuery {
  /** Without one, those of all projects and of hosts that lead nowhere. */
  project?: string | undefined;
  /** Only this service of the project. */
  service?: string | undefined;
  /** Only those that failed. */
  failed: boolean;
}

export class RequestFollower {
  /** Oldest first. */
  requests = $state.raw<RequestRecord[]>([]);
  /** False until the first page of the present query is there. */
  loaded = $state(false);
  /** Why the last read failed, while it did. */
  problem = $state.raw<Problem>();
  readonly #read: (params: ReadRequests) => Promise<RequestPage>;
  #turn = 0;

  constructor(read: (params: ReadRequests) => Promise<RequestPage>) {
    this.#read = read;
  }

  open(query: RequestQuery): void {
    this.close();
    this.loaded = false;
    void this.#follow(this.#turn, query);
  }

  close(): void {
    this.#turn += 1;
  }

  async #follow(turn: number, { project, service, failed }: RequestQuery): Promise<void> {
    let after: number | undefined;
    let failures = 0;
    while (turn === this.#turn) {
      try {
        const page = await this.#read({
          ...(project !== undefined && { project }),
          services: service === undefined ? [] : [service],
          failed,
          after: after ?? 0,
          limit: MOST_REQUESTS,
          wait_ms: after === undefined ? 0 : WAIT_MS,
        });
        if (turn !== this.#turn) return;
        this.#take(page, after === undefined || page.cursor < after);
        after = page.cursor;
        failures = 0;
        await delay(PAUSE_MS);
      } catch (error) {
        if (turn !== this.#turn) return;
        this.problem = toFailure(error).problems[0];
        after = undefined;
        failures += 1;
        await delay(Math.min(LONGEST_RETRY_MS, 250 * 2 ** failures));
      }
    }
  }

  #take({ requests: fresh }: RequestPage, anew: boolean): void {
    this.loaded = true;
    this.problem = undefined;
    if (anew) this.requests = fresh;
    else if (fresh.length > 0) this.requests = [...this.requests, ...fresh].slice(-MOST_REQUESTS);
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
