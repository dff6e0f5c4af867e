const KIBI = 1024;
const MEBI = KIBI * KIBI;
const GIBI = KIBI * MEBI;

/** A size as people read it: `812 KiB`, `34.5 MiB`, `1.2 GiB`. */
export function bytes(count: number): string {
  if (count < MEBI) return `${Math.floor(count / KIBI)} KiB`;
  return count < GIBI ? `${(count / MEBI).toFixed(1)} MiB` : `${(count / GIBI).toFixed(1)} GiB`;
}

/** A size that somebody chose, without a decimal where it has none: `128 MiB`, `1.5 GiB`. */
export function wholeBytes(count: number): string {
  return bytes(count).replace('.0 ', ' ');
}

/** Of one core; from ten on without the decimal, which nobody reads there: `0.3 %`, `187 %`. */
export function percent(cpu: number): string {
  return `${cpu < 9.95 ? cpu.toFixed(1) : cpu.toFixed(0)} %`;
}

/** Points of a line through these values, the newest at the right end; as high as the highest, or as `least`. */
export function sparkline(
  values: number[],
  places: number,
  width: number,
  height: number,
  least: number,
): string {
  const top = Math.max(least, ...values);
  const shown = values.slice(-places);
  const step = width / (places - 1);
  const x = (index: number) => width - (shown.length - 1 - index) * step;
  return shown
    .map((value, index) => `${tenth(x(index))},${tenth(height - (value / top) * height)}`)
    .join(' ');
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
