import type { NumberedLine } from './follower.svelte';

/** Lines per block: some screens, so that few blocks are in view and 5,000 lines make only 50. */
const BLOCK_LINES = 100;

export interface LogBlock {
  number: number;
  lines: NumberedLine[];
}

/**
 * The lines in blocks by their numbers. A block keeps its number and its lines while others come and go at both
 * ends, so that only those are laid out anew.
 */
export function inBlocks(lines: NumberedLine[]): LogBlock[] {
  const blocks: LogBlock[] = [];
  for (const line of lines) {
    const number = Math.floor(line.number / BLOCK_LINES);
    const last = blocks.at(-1);
    if (last?.number === number) last.lines.push(line);
    else blocks.push({ number, lines: [line] });
  }
  return blocks;
}
