import { expect, test } from 'vitest';

import { inBlocks } from './blocks';

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({
    number: from + index,
    service: 'web',
    stream: 'stdout' as const,
    time: 0,
    run: 1,
    text: '',
  }));

const sizes = (from: number, to: number) =>
  inBlocks(lines(from, to)).map((block) => [block.number, block.lines.length]);

test('a block keeps its number and lines while others come and go', () => {
  expect(sizes(0, 0)).toEqual([]);
  expect(sizes(0, 250)).toEqual([
    [0, 100],
    [1, 100],
    [2, 50],
  ]);
  expect(sizes(130, 310)).toEqual([
    [1, 70],
    [2, 100],
    [3, 10],
  ]);
});
