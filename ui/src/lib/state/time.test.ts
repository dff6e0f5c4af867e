import { expect, test } from 'vitest';

import { span } from './time';

test.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [86_400_000 * 2.5, '2 d'],
])('%i ms are %s', (milliseconds, words) => {
  expect(span(milliseconds)).toBe(words);
});
