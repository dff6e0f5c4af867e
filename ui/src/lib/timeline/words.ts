import type { EventKind, NodeState } from '../rpc/rpc';
import { timeOfDay } from '../state/time';

export type Tone = 'good' | 'warning' | 'bad' | 'plain';

const TONES: Partial<Record<EventKind, Tone>> = {
  ready: 'good',
  unready: 'warning',
  restarting: 'warning',
  killed: 'warning',
  ended: 'bad',
  crash_looping: 'bad',
  failed: 'bad',
};

/** How an event is coloured; its text says the same. As in `kinfra events`. */
export function tone(kind: EventKind): Tone {
  return TONES[kind] ?? 'plain';
}

/** `14:02:11`, with the day where that is another than today. */
export function moment(at: number, now: number): string {
  const [day, today] = [new Date(at), new Date(now)];
  if (day.toDateString() === today.toDateString()) return timeOfDay(at);
  const name = day.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  return `${name} ${timeOfDay(at)}`;
}

/** Another one means that something has happened to the node; a new figure of a probe is nothing. */
export function lifeMark({ phase, health, pid, restarts, retry_at, last_exit, problem }: NodeState): string {
  return JSON.stringify([phase, health, pid, restarts, retry_at, last_exit?.at, problem?.message]);
}
