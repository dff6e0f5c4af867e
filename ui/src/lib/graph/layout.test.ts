import { describe, expect, test } from 'vitest';

import { columnsOf, layersOf, layout, type GraphNode, type Size } from './layout';

const SIZE: Size = { width: 100, height: 40, columnGap: 50, rowGap: 10 };

function nodes(graph: Record<string, string[]>): GraphNode[] {
  return Object.entries(graph).map(([name, depends_on]) => ({ name, depends_on }));
}

function laidOut(graph: Record<string, string[]>, width = 500) {
  const found = layout(nodes(graph), SIZE, width);
  const box = (name: string) => found.boxes.find((box) => box.name === name)!;
  return { ...found, box };
}

/** Thirty services in five layers, each with up to three dependencies, some far back. */
const THIRTY = Object.fromEntries(
  Array.from({ length: 30 }, (_, index) => {
    const layer = Math.floor(index / 6);
    const below = [index - 6, index - 7 + (index % 3), index - 12].filter(
      (other) => other >= 0 && Math.floor(other / 6) < layer,
    );
    return [`s${index}`, [...new Set(below)].map((other) => `s${other}`)];
  }),
);

test('a node stands in the column after the last one that it depends on', () => {
  const graph = nodes({ web: ['api', 'db'], api: ['db', 'gone'], db: [], apart: [] });
  expect(Object.fromEntries(layersOf(graph))).toEqual({ db: 0, apart: 0, api: 1, web: 2 });
  expect(columnsOf(graph)).toBe(3);
  expect(columnsOf([])).toBe(1);
});

test('a circle ends, and so does one that depends on itself', () => {
  expect(laidOut({ a: ['b'], b: ['a'], c: ['c'] }).boxes).toHaveLength(3);
});

test('a chain is a straight line from left to right', () => {
  const { box, edges, width, height } = laidOut({ c: ['b'], b: ['a'], a: [] });
  expect(['a', 'b', 'c'].map((name) => box(name).x)).toEqual([0, 150, 300]);
  expect(new Set(['a', 'b', 'c'].map((name) => box(name).y)).size).toBe(1);
  expect(edges.find((edge) => edge.to === 'b')?.path).toBe('M100 20C125 20 125 20 150 20');
  expect(edges.find((edge) => edge.to === 'b')?.end).toEqual({ x: 150, y: 20 });
  expect([width, height]).toEqual([400, 40]);
});

test('what depends on two stands between them', () => {
  const { box } = laidOut({ one: [], other: [], both: ['one', 'other'] });
  expect(box('both').y).toBe((box('one').y + box('other').y) / 2);
});

test('lines that need not cross do not', () => {
  const { box } = laidOut({ a: [], b: [], ofB: ['b'], ofA: ['a'] });
  expect(Math.sign(box('a').y - box('b').y)).toBe(Math.sign(box('ofA').y - box('ofB').y));
});

test('a line passes a column beside its boxes', () => {
  const { box, edges } = laidOut({ a: [], b: ['a'], c: ['a', 'b'] });
  const path = edges.find((edge) => edge.from === 'a' && edge.to === 'c')!.path;
  const passed = Number(/ ([\d.]+)H250/.exec(path)?.[1]);
  expect(passed < box('b').y || passed > box('b').y + SIZE.height).toBe(true);
});

test('what is tied to nothing stands below, in rows', () => {
  const { box } = laidOut({ a: [], b: ['a'], x: [], y: [], z: [] }, 260);
  expect(box('x').y).toBeGreaterThanOrEqual(box('a').y + SIZE.height);
  expect(box('y').y).toBe(box('x').y);
  expect(box('z')).toMatchObject({ x: 0, y: box('x').y + 50 });
});

describe.each([
  ['thirty services', THIRTY],
  ['sixty without a line', Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`s${n}`, []]))],
  ['one', { only: [] }],
])('of %s', (_what, graph) => {
  const { boxes, edges, width, height } = laidOut(graph);

  test('each has one box, and no two boxes overlap', () => {
    expect(boxes.map((box) => box.name).toSorted()).toEqual(Object.keys(graph).toSorted());
    for (const [index, one] of boxes.entries()) {
      for (const other of boxes.slice(index + 1)) {
        const apart = Math.abs(one.x - other.x) >= SIZE.width || Math.abs(one.y - other.y) >= SIZE.height;
        expect(apart, `${one.name} and ${other.name}`).toBe(true);
      }
    }
  });

  test('each dependency has one line, and all is within the drawing', () => {
    expect(edges).toHaveLength(Object.values(graph).flat().length);
    for (const { x, y } of boxes) {
      expect(x >= 0 && y >= 0 && x + SIZE.width <= width && y + SIZE.height <= height).toBe(true);
    }
  });
});

test('of no services there is nothing to draw', () => {
  expect(layout([], SIZE, 500)).toEqual({ width: 0, height: 0, boxes: [], edges: [] });
});
