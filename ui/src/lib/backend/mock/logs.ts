/**
 * The log lines of the in-memory engine, read by cursor as the real ones: a cursor is the place in one growing
 * list, and a read with nothing to return waits for the next line or for its time to run out.
 */
import { hasCapital } from '../../logs/pattern';
import type { ListRuns, LogLine, LogPage, LogRun, LogRuns, Problem, ReadLogs } from '../../rpc/rpc';

const SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]/g;

function expression(pattern: string): RegExp {
  try {
    return new RegExp(pattern, hasCapital(pattern) ? 'u' : 'iu');
  } catch {
    const message = `"${pattern}" is no regular expression`;
    throw { problems: [{ code: 'invalid_request', message } satisfies Problem] };
  }
}

export class MockLogs {
  #lines = new Map<string, LogLine[]>();
  #runs = new Map<string, LogRun[]>();
  #waiting = new Set<() => void>();

  /** Another run of a service: what it prints from now on. */
  begin(project: string, service: string, startedAt: number): void {
    const runs = this.#runs.get(project) ?? [];
    const run = 1 + runs.filter((known) => known.service === service).length;
    this.#runs.set(project, [...runs, { service, run, started_at: startedAt }]);
  }

  runs({ project, services }: ListRuns): LogRuns {
    const runs = this.#runs.get(project) ?? [];
    return { runs: runs.filter(({ service }) => services.length === 0 || services.includes(service)) };
  }

  append(project: string, line: Omit<LogLine, 'run'>): void {
    const lines = this.#lines.get(project) ?? [];
    lines.push({ ...line, run: this.#newest(project, line.service) });
    this.#lines.set(project, lines);
    for (const wake of [...this.#waiting]) wake();
  }

  async read(params: ReadLogs): Promise<LogPage> {
    const page = this.#page(params);
    if (page.lines.length > 0 || params.wait_ms === 0) return page;
    const until = Date.now() + params.wait_ms;
    while (Date.now() < until) {
      await this.#nextLine(until - Date.now());
      const later = this.#page(params);
      if (later.lines.length > 0) return later;
    }
    return this.#page(params);
  }

  #page({ project, after, limit, filter }: ReadLogs): LogPage {
    const lines = this.#lines.get(project) ?? [];
    const pattern = expression(filter.pattern ?? '');
    const { run } = filter;
    const wanted = (line: LogLine) =>
      (filter.services.length === 0 || filter.services.includes(line.service)) &&
      line.time >= (filter.since ?? 0) &&
      line.time <= (filter.until ?? Infinity) &&
      (run === undefined || line.run === (run > 0 ? run : this.#newest(project, line.service) + run)) &&
      pattern.test(line.text.replace(SEQUENCES, '')) !== (filter.invert ?? false);
    const runs = this.#runs.get(project) ?? [];
    if (after === undefined) {
      return { lines: lines.filter(wanted).slice(-limit), runs, cursor: String(lines.length) };
    }
    const found: LogLine[] = [];
    let place = Number(after);
    for (; place < lines.length && found.length < limit; place += 1) {
      const line = lines[place];
      if (line && wanted(line)) found.push(line);
    }
    return { lines: found, runs, cursor: String(place) };
  }

  #newest(project: string, service: string): number {
    return this.runs({ project, services: [service] }).runs.length || 1;
  }

  #nextLine(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#waiting.add(wake);
    });
  }
}
