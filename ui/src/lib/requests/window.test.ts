import { expect, test } from 'vitest';

import { seen } from './window';

test.each([
  [{ from: 0, to: 22 }, 'at the beginning', 1_000, 0],
  [{ from: 488, to: 522 }, 'in the midst', 1_000, 12_000],
  [{ from: 978, to: 1_000 }, 'at the end', 1_000, 23_760],
  [{ from: 0, to: 5 }, 'where there are few', 5, 0],
  [{ from: 0, to: 5 }, 'before the browser knows that there are fewer', 5, 23_760],
  [{ from: 0, to: 0 }, 'where there are none', 0, 0],
])('of rows of 24 pixels %o are made for 240 pixels %s', (range, _where, count, top) => {
  expect(seen(count, 24, top, 240)).toEqual(range);
});
