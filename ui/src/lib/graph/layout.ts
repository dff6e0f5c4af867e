/**
 * Where each service of a dependency graph stands: in columns, the first with what depends on nothing, each next one
 * with what can begin when those before it are up. A line that passes a column gets a place in it, so that no line
 * runs through a box. Within a column the order follows the neighbours' (barycentres, a few sweeps), and each box
 * comes as near to the middle of its neighbours as the others allow. What has no line at all stands below, in rows.
 */
export interface GraphNode {
  name: string;
  depends_on: string[];
}

export interface Size {
  /** Of a box. */
  width: number;
  height: number;
  /** Between columns; lines need it. */
  columnGap: number;
  /** Between boxes of a column. */
  rowGap: number;
}

export interface Box {
  name: string;
  x: number;
  y: number;
  /** From 0. */
  layer: number;
}

export interface Edge {
  /** What is depended on. */
  from: string;
  /** What depends on it. */
  to: string;
  /** An SVG path from the one's right side to the other's left one. */
  path: string;
  /** Where the path ends. */
  end: { x: number; y: number };
}

export interface Layout {
  width: number;
  height: number;
  /** By column, and from top to bottom within one. */
  boxes: Box[];
  edges: Edge[];
}

/** A box, or the place where a line passes a column. */
interface Item {
  name?: string;
  layer: number;
  height: number;
  /** Its middle. */
  y: number;
  before: Item[];
  after: Item[];
}

const SWEEPS = 6;
/** The height of a place for a line. */
const PASSAGE = 8;

/** The layer of each node, from 0. In a circle, which no configuration has, it stops somewhere. */
export function layersOf(nodes: GraphNode[]): Map<string, number> {
  const layers = new Map(nodes.map((node) => [node.name, 0]));
  for (let round = 0; round < nodes.length; round += 1) {
    let changed = false;
    for (const node of nodes) {
      const below = node.depends_on.flatMap((name) => (name === node.name ? [] : (layers.get(name) ?? [])));
      const layer = Math.min(nodes.length - 1, 1 + Math.max(-1, ...below));
      if (layer !== layers.get(node.name)) {
        layers.set(node.name, layer);
        changed = true;
      }
    }
    if (!changed) break;
  }
  return layers;
}

/** How many columns the graph needs, and how many boxes fit beside each other below it. */
export function columnsOf(nodes: GraphNode[]): number {
  return 1 + Math.max(0, ...layersOf(nodes).values());
}

export function layout(nodes: GraphNode[], size: Size, widthForRows: number): Layout {
  const layers = layersOf(nodes);
  const isTied = tied(nodes, layers);
  const columns: Item[][] = [];
  const items = new Map<string, Item>();
  for (const node of nodes.filter((node) => isTied.has(node.name))) {
    const layer = layers.get(node.name) ?? 0;
    const item = { name: node.name, layer, height: size.height, y: 0, before: [], after: [] };
    items.set(node.name, item);
    (columns[layer] ??= []).push(item);
  }
  const ways: { from: string; to: string; way: Item[] }[] = [];
  for (const node of nodes) {
    for (const name of new Set(node.depends_on)) {
      const from = items.get(name);
      const to = items.get(node.name);
      if (from && to && from.layer < to.layer)
        ways.push({ from: name, to: node.name, way: wayBetween(from, to, columns) });
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (const column of forward ? columns : columns.toReversed())
      order(column, forward ? 'before' : 'after');
  }
  for (const column of columns)
    place(
      column,
      column.map(() => 0),
      size,
    );
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed())
      place(column, column.map(wish), size);
  }
  const top = Math.min(0, ...columns.flat().map((item) => item.y - item.height / 2));
  for (const item of columns.flat()) item.y -= top;

  const left = (layer: number) => layer * (size.width + size.columnGap);
  const boxes = columns.flatMap((column, layer) =>
    column.flatMap(({ name, y }) =>
      name === undefined ? [] : [{ name, layer, x: left(layer), y: Math.round(y - size.height / 2) }],
    ),
  );
  const edges = ways.map(({ from, to, way }) => {
    const last = items.get(to)!;
    return { from, to, path: pathOf(way, size, left), end: { x: left(last.layer), y: round(last.y) } };
  });
  const tiedHeight = Math.max(0, ...columns.flat().map((item) => Math.round(item.y + item.height / 2)));
  const tiedWidth = columns.length > 0 ? left(columns.length - 1) + size.width : 0;
  const apart = nodes.filter((node) => !isTied.has(node.name)).map((node) => node.name);
  const rows = inRows(apart, size, Math.max(widthForRows, tiedWidth), tiedHeight);
  return {
    width: Math.max(tiedWidth, ...rows.map((box) => box.x + size.width)),
    height: Math.max(tiedHeight, ...rows.map((box) => box.y + size.height)),
    boxes: [...boxes, ...rows],
    edges,
  };
}

/** The nodes that a line begins or ends at. */
function tied(nodes: GraphNode[], layers: Map<string, number>): Set<string> {
  const found = new Set<string>();
  for (const { name, depends_on } of nodes) {
    for (const dependency of depends_on) {
      if ((layers.get(dependency) ?? Infinity) >= (layers.get(name) ?? 0)) continue;
      found.add(name).add(dependency);
    }
  }
  return found;
}

/** From box to box, with a place in each column between them. */
function wayBetween(from: Item, to: Item, columns: Item[][]): Item[] {
  const way = [from];
  for (let layer = from.layer + 1; layer < to.layer; layer += 1) {
    const passage: Item = { layer, height: PASSAGE, y: 0, before: [], after: [] };
    (columns[layer] ??= []).push(passage);
    way.push(passage);
  }
  way.push(to);
  for (const [index, item] of way.slice(1).entries()) {
    const previous = way[index]!;
    previous.after.push(item);
    item.before.push(previous);
  }
  for (const column of columns) column?.forEach((item, index) => (item.y = index));
  return way;
}

/** Sorts a column by the mean place of each one's neighbours; what has none keeps its place. */
function order(column: Item[], side: 'before' | 'after'): void {
  const keys = new Map(column.map((item) => [item, mean(item[side].map(({ y }) => y)) ?? item.y]));
  column.sort((one, other) => keys.get(one)! - keys.get(other)!);
  column.forEach((item, index) => (item.y = index));
}

function wish(item: Item): number {
  return mean([...item.before, ...item.after].map(({ y }) => y)) ?? item.y;
}

/**
 * Gives each item of a column the place nearest to its wish that leaves all the room they need, in the least squares'
 * sense: those that would overlap form a block, which stands at the mean of their wishes.
 */
function place(column: Item[], wishes: number[], size: Size): void {
  const offsets: number[] = [];
  column.forEach((item, index) => {
    const above = column[index - 1];
    const room = above ? (above.height + item.height) / 2 + size.rowGap : 0;
    offsets.push((offsets[index - 1] ?? 0) + room);
  });
  const blocks: { sum: number; count: number }[] = [];
  for (const [index, wished] of wishes.entries()) {
    let block = { sum: wished - offsets[index]!, count: 1 };
    for (let last = blocks.at(-1); last && last.sum / last.count > block.sum / block.count;) {
      block = { sum: last.sum + block.sum, count: last.count + block.count };
      blocks.pop();
      last = blocks.at(-1);
    }
    blocks.push(block);
  }
  let index = 0;
  for (const { sum, count } of blocks) {
    for (const end = index + count; index < end; index += 1) column[index]!.y = sum / count + offsets[index]!;
  }
}

/** Curves between columns, and straight across one. */
function pathOf(way: Item[], size: Size, left: (layer: number) => number): string {
  const parts: string[] = [];
  for (const [index, item] of way.entries()) {
    const y = round(item.y);
    if (index === 0) {
      parts.push(`M${left(item.layer) + size.width} ${y}`);
      continue;
    }
    const [start, end] = [left(item.layer) - size.columnGap, left(item.layer)];
    const middle = (start + end) / 2;
    parts.push(`C${middle} ${round(way[index - 1]!.y)} ${middle} ${y} ${end} ${y}`);
    if (item.name === undefined) parts.push(`H${end + size.width}`);
  }
  return parts.join('');
}

function inRows(names: string[], size: Size, width: number, top: number): Box[] {
  const gap = Math.min(size.columnGap, 2 * size.rowGap);
  const perRow = Math.max(1, Math.floor((width + gap) / (size.width + gap)));
  const begin = top === 0 ? 0 : top + 2 * size.rowGap;
  return names.map((name, index) => ({
    name,
    layer: 0,
    x: (index % perRow) * (size.width + gap),
    y: begin + Math.floor(index / perRow) * (size.height + size.rowGap),
  }));
}

function mean(values: number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
