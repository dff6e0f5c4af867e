import type { LogRun } from '../rpc/rpc';
import { exactTime, timeOfDay } from '../state/time';

/** What stands before the first line of a run: `run 3 · started 14:02:11`, with the day when that isn't today. */
export function beginning({ service, run, started_at }: Partial<LogRun>, ofOne: boolean): string {
  const started =
    started_at === undefined
      ? ''
      : ` · started ${isToday(started_at) ? timeOfDay(started_at) : exactTime(started_at)}`;
  return `── ${ofOne ? '' : `${service} · `}run ${run}${started} ──`;
}

function isToday(time: number): boolean {
  return new Date(time).toDateString() === new Date().toDateString();
}
