/**
 * The log lines of the in-memory engine, read by cursor as the real ones: a cursor is the place in one growing
 * list, and a read with nothing to return waits for the next line or for its time to run out.
 */
import type { LogLine, LogPage, ReadLogs } from '../../rpc/rpc';

export class MockLogs {
  #lines = new Map<string, LogLine[]>();
  #waiting = new Set<() => void>();

  append(project: string, line: LogLine): void {
    const lines = this.#lines.get(project) ?? [];
    lines.push(line);
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
    const needle = filter.contains?.toLowerCase() ?? '';
    const wanted = (line: LogLine) =>
      (filter.services.length === 0 || filter.services.includes(line.service)) &&
      line.text.toLowerCase().includes(needle);
    if (after === undefined) {
      return { lines: lines.filter(wanted).slice(-limit), cursor: String(lines.length) };
    }
    const found: LogLine[] = [];
    let place = Number(after);
    for (; place < lines.length && found.length < limit; place += 1) {
      const line = lines[place];
      if (line && wanted(line)) found.push(line);
    }
    return { lines: found, cursor: String(place) };
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
