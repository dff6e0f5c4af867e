/** Which lines of a log are shown, as it is chosen above them; the same choices as those of `kinfra logs`. */
import type { LogQuery } from './follower.svelte';
import { moment } from './moment';

/** Any time, the last so many minutes, or between two moments. */
export type Span = 'any' | 'between' | number;

export class LogChoice {
  /** A regular expression; empty for all lines. */
  pattern = $state('');
  /** Only lines that don't match. */
  invert = $state(false);
  /** 0 is the newest, -1 the one before, another the run of that number. */
  run = $state<number>();
  span = $state<Span>('any');
  /** The two moments, as they were typed; empty for none. */
  from = $state('');
  to = $state('');

  /** The moments of `from` and `to` that can't be read. */
  get unread(): string[] {
    if (this.span !== 'between') return [];
    const now = Date.now();
    return [this.from, this.to].filter((text) => text !== '' && moment(text, now) === undefined);
  }

  /** Whether it leaves out anything beside what the pattern does. */
  get narrows(): boolean {
    const between = this.span === 'between' && (this.from !== '' || this.to !== '');
    return this.run !== undefined || typeof this.span === 'number' || between;
  }

  query(project: string, service: string | undefined, now: number): LogQuery {
    const { pattern, invert, run, span } = this;
    const between = span === 'between';
    return {
      project,
      service,
      pattern,
      run,
      invert: invert && pattern !== '',
      since: typeof span === 'number' ? now - span * 60_000 : between ? moment(this.from, now) : undefined,
      until: between ? moment(this.to, now) : undefined,
    };
  }
}
