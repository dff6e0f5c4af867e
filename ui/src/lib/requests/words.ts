/** Requests in words: the same as those of `kinfra requests` and `kinfra traffic`. */
import type { RequestRecord, RequestTrouble } from '../rpc/rpc';
import { timeOfDay } from '../state/time';

const TROUBLES: Record<RequestTrouble, string> = {
  unknown_host: 'no such host',
  unknown_path: 'no service takes the path',
  not_serving: 'not ready',
  maintenance: 'maintenance',
  refused: 'connection refused',
  timed_out: 'timed out',
  reset: 'connection closed',
  protocol: 'no HTTP',
};

/** Why KInfra answered in the service's place, or why an answer broke off. */
export function troubleWords(trouble: RequestTrouble): string {
  return TROUBLES[trouble];
}

/** `0.3 ms`, `12 ms`, `1.2 s`, `2 min 5 s`, of microseconds. */
export function took(micros: number): string {
  if (micros < 9_950) return `${(micros / 1_000).toFixed(1)} ms`;
  if (micros < 999_500) return `${Math.round(micros / 1_000)} ms`;
  if (micros < 60_000_000) return `${(micros / 1_000_000).toFixed(1)} s`;
  const seconds = Math.floor(micros / 1_000_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `812 B`, `1.2 KiB`, `34.5 MiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  let shown = bytes / 1024;
  let unit = 0;
  for (; shown >= 1023.95 && unit + 1 < units.length; unit += 1) shown /= 1024;
  return `${shown.toFixed(1)} ${units[unit]}`;
}

/** How a status is coloured. */
export function statusTone(status: number): 'failed' | 'busy' | '' {
  if (status >= 500) return 'failed';
  return status >= 400 ? 'busy' : '';
}

/** Those whose path holds this text, whatever the case of its letters. */
export function withPath(requests: RequestRecord[], text: string): RequestRecord[] {
  const wanted = text.trim().toLowerCase();
  return wanted === '' ? requests : requests.filter(({ path }) => path.toLowerCase().includes(wanted));
}

/** As `kinfra requests` prints it; with the host that was asked where they are of several projects. */
export function asLine(request: RequestRecord, withHost = false): string {
  const { at, service, status, duration_us, sent, method, path, trouble } = request;
  const what = `${method} ${withHost ? request.host : ''}${path}`;
  const ending = (request.public ? ' (public)' : '') + (trouble ? ` · ${troubleWords(trouble)}` : '');
  const start = `${timeOfDay(at)}  ${service ?? '–'}  ${status}  ${took(duration_us)}  ${size(sent)}`;
  return `${start}  ${what}${ending}`;
}
