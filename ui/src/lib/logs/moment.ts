/** Moments as people write them; `kinfra logs --since` reads the same. */

/** What a moment may look like, for the message that refuses one. */
export const FORMS =
  'a duration before now such as 10m, 2h, 1d or 1h30m, a time of day such as 14:02, or a date and time such as 2026-11-23 14:02';

const SECONDS: Record<string, number> = { d: 86_400, h: 3_600, m: 60, min: 60, s: 1 };
const DURATION = /^(?:\d+(?:d|h|min|m|s))+$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?$/;
const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * In milliseconds since 1970; none for what is no moment. A duration is counted back from now; a time of day is the
 * last one that was; a date and time without an offset is meant here.
 */
export function moment(text: string, now: number): number | undefined {
  const at = duration(text, now) ?? timeOfDay(text, now) ?? dateTime(text);
  return at === undefined || !Number.isSafeInteger(at) || at < 0 ? undefined : at;
}

function duration(text: string, now: number): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)(d|h|min|m|s)/g)];
  return now - parts.reduce((total, [, number, unit]) => total + Number(number) * SECONDS[unit!]! * 1000, 0);
}

function timeOfDay(text: string, now: number): number | undefined {
  const parts = TIME.exec(text);
  if (!parts) return undefined;
  const [hours, minutes, seconds] = numbers(parts.slice(1, 4));
  if (hours! > 23 || minutes! > 59 || seconds! > 59) return undefined;
  const at = new Date(now);
  at.setHours(hours!, minutes!, seconds!, thousandths(parts[4]));
  if (at.getTime() > now) at.setDate(at.getDate() - 1);
  return at.getTime();
}

function dateTime(text: string): number | undefined {
  const parts = DATE_TIME.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hours, minutes, seconds] = numbers(parts.slice(1, 7));
  const fits = hours! <= 23 && minutes! <= 59 && seconds! <= 59;
  const date = [year!, month! - 1, day!, hours!, minutes!, seconds!, thousandths(parts[7])] as const;
  const at = new Date(Date.UTC(...date));
  // The 31st of February would be the 3rd of March.
  if (!fits || at.getUTCMonth() !== month! - 1 || at.getUTCDate() !== day) return undefined;
  const zone = parts[8];
  if (zone === undefined) return new Date(...date).getTime();
  return at.getTime() - offset(zone);
}

/** Of `Z`, `+02:00` or `-0330`, in milliseconds. */
function offset(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function numbers(parts: (string | undefined)[]): number[] {
  return parts.map((part) => Number(part ?? 0));
}

function thousandths(part: string | undefined): number {
  return part === undefined ? 0 : Number(part.padEnd(3, '0'));
}
