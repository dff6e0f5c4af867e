/**
 * Theory of operation. A follower reads a project's log lines by cursor: first the newest ones, then again and
 * again those after the cursor, each read waiting in the engine until there is something. It keeps at most
 * `MOST_LINES`, dropping the oldest. Each `open` begins a new turn; answers of an earlier turn are ignored, so a
 * changed filter never mixes with the old one. The lines of the last turn stay until the first page of the new
 * one is there, so nothing flashes. Paused, it begins no further read and drops nothing, so that what is being
 * read stays where it is; resumed, it catches up from its cursor. A failed read is tried again, ever more
 * slowly, without the cursor, which may be what was wrong. A query that is bounded by a moment ends with it.
 */
import { toFailure } from '../backend/failure';
import type { LogLine, LogPage, LogRun, Problem, ReadLogs } from '../rpc/rpc';

/** How many lines are kept; the view has an element for each. */
export const MOST_LINES = 5_000;
/** How many characters of lines are kept: some programs print lines that fill pages. */
const MOST_TEXT = 4_000_000;
/** Lines per read: what fills some screens, yet renders within a frame or two. */
const PAGE_LINES = 1_000;
/** How long one read waits for a line, in milliseconds. */
const WAIT_MS = 20_000;
/** The shortest time between two reads, in milliseconds: a loud service redraws the pane ten times a second. */
const PAUSE_MS = 100;
/** The longest time between two failing reads, in milliseconds. */
const LONGEST_RETRY_MS = 5_000;

export interface LogQuery {
  project: string;
  /** Only this service. */
  service?: string | undefined;
  /** Only lines that match this regular expression. */
  pattern?: string | undefined;
  /** With a pattern: only lines that don't match it. */
  invert?: boolean | undefined;
  /** Not before this moment, in milliseconds since 1970. */
  since?: number | undefined;
  /** Not after this moment. */
  until?: number | undefined;
  /** Only this run of each service: 0 is the newest, -1 the one before, another the run of that number. */
  run?: number | undefined;
}

/** A line with a number that stays its own while the line is kept. */
export interface NumberedLine extends LogLine {
  number: number;
  /** The first line of a run that follows another one. */
  begins?: Partial<LogRun>;
}

export class LogFollower {
  lines = $state.raw<NumberedLine[]>([]);
  /** False until the first page of the present query is there. */
  loaded = $state(false);
  paused = $state(false);
  /** Why the last read failed, while it did. */
  problem = $state.raw<Problem>();
  readonly #read: (params: ReadLogs) => Promise<LogPage>;
  #turn = 0;
  #nextNumber = 0;
  /** The newest run of each service of which a line was taken. */
  #runs = new Map<string, number>();
  #resumed: (() => void) | undefined;

  constructor(read: (params: ReadLogs) => Promise<LogPage>) {
    this.#read = read;
  }

  open(query: LogQuery): void {
    this.close();
    this.loaded = false;
    void this.#follow(this.#turn, query);
  }

  close(): void {
    this.#turn += 1;
    this.resume();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#resumed?.();
    this.#resumed = undefined;
  }

  async #follow(turn: number, query: LogQuery): Promise<void> {
    let cursor: string | undefined;
    let failures = 0;
    while (turn === this.#turn) {
      try {
        const isOver = query.until !== undefined && query.until <= Date.now();
        const page = await this.#read(request(query, cursor));
        if (turn !== this.#turn) return;
        this.#take(page, cursor === undefined);
        if (isOver && cursor !== undefined && page.lines.length === 0) return;
        cursor = page.cursor;
        failures = 0;
        this.problem = undefined;
        await delay(PAUSE_MS);
      } catch (error) {
        if (turn !== this.#turn) return;
        this.problem = toFailure(error).problems[0];
        if (this.problem?.code === 'invalid_request' && cursor === undefined) return;
        cursor = undefined;
        failures += 1;
        await delay(Math.min(LONGEST_RETRY_MS, 250 * 2 ** failures));
      }
      if (this.paused) await new Promise<void>((resolve) => (this.#resumed = resolve));
    }
  }

  #take({ lines: fresh, runs }: LogPage, first: boolean): void {
    this.loaded = true;
    if (fresh.length === 0 && !first) return;
    if (first) this.#runs.clear();
    const numbered = fresh.map((line) => this.#numbered(line, runs));
    const all = first ? numbered : [...this.lines, ...numbered];
    this.lines = this.paused ? all : bounded(all);
  }

  #numbered(line: LogLine, runs: LogRun[]): NumberedLine {
    const number = this.#nextNumber++;
    const before = this.#runs.get(line.service);
    // What an earlier run left behind may still print: that is no change.
    if (line.run === 0 || (before !== undefined && line.run <= before)) return { ...line, number };
    this.#runs.set(line.service, line.run);
    if (before === undefined) return { ...line, number };
    const known = runs.find(({ service, run }) => service === line.service && run === line.run);
    return { ...line, number, begins: known ?? { service: line.service, run: line.run } };
  }
}

/** The newest lines, as many as are kept. */
function bounded(lines: NumberedLine[]): NumberedLine[] {
  let from = lines.length;
  let text = 0;
  while (from > 0 && lines.length - from < MOST_LINES && text < MOST_TEXT) {
    from -= 1;
    text += lines[from]!.text.length;
  }
  return from === 0 ? lines : lines.slice(from);
}

function request(
  { project, service, pattern, invert, since, until, run }: LogQuery,
  cursor: string | undefined,
): ReadLogs {
  const left = until === undefined ? WAIT_MS : Math.max(0, until - Date.now());
  return {
    project,
    limit: PAGE_LINES,
    filter: {
      services: service ? [service] : [],
      ...(pattern && { pattern }),
      ...(invert && { invert }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      ...(run !== undefined && { run }),
    },
    wait_ms: cursor === undefined ? 0 : Math.min(WAIT_MS, left),
    ...(cursor !== undefined && { after: cursor }),
  };
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
