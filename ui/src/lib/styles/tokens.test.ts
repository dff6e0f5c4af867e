import { describe, expect, test } from 'vitest';

import tokens from './tokens.css?raw';

const [light, dark] = tokens.split('@media (prefers-color-scheme: dark)') as [string, string];

function color(theme: string, name: string): number[] {
  const hex = theme.match(new RegExp(`--${name}: #([0-9a-f]{6});`))?.[1];
  if (!hex) throw new Error(`tokens.css has no colour --${name}`);
  return [0, 2, 4].map((start) => Number.parseInt(hex.slice(start, start + 2), 16) / 255);
}

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(rgb: number[]): number {
  const [red, green, blue] = rgb.map((channel) =>
    channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: number[], other: number[]): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

const TEXTS = ['text', 'text-secondary', 'accent', 'healthy', 'busy', 'degraded', 'failed'];
const BACKGROUNDS = ['background', 'surface', 'hover', 'selected'];
const ANSI = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white', 'bright-black'];

describe.each([
  ['light', light],
  ['dark', dark],
])('in the %s theme', (_name, theme) => {
  const pairs = [
    ...TEXTS.flatMap((text) => BACKGROUNDS.map((background) => [text, background])),
    ...ANSI.map((name) => [`ansi-${name}`, 'surface']),
    ['on-accent', 'accent-fill'],
  ] as [string, string][];

  test.each(pairs)('%s on %s has a contrast of at least 4.5', (text, background) => {
    expect(contrast(color(theme, text), color(theme, background))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(BACKGROUNDS)('the shape of an idle state on %s has a contrast of at least 3', (background) => {
    expect(contrast(color(theme, 'idle'), color(theme, background))).toBeGreaterThanOrEqual(3);
  });
});
