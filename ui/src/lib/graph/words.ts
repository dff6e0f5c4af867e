import type { NodeState } from '../rpc/rpc';
import { openOf } from '../sharing/words';
import { madeOfLine } from '../state/resources';

/** Whether it is this dependency that keeps the node from starting now. */
export function waiting(node: NodeState | undefined, dependency: string): boolean {
  return node?.waits_for.includes(dependency) ?? false;
}

/** A node of the graph in words: `web: waits for api; starts after api, migrate (completed)`. */
export function described(node: NodeState, truth: { word: string; rest: string }): string {
  const after = node.depends_on.map((name) => {
    const condition = node.conditions?.[name];
    return condition === undefined ? name : `${name} (${condition})`;
  });
  const open = openOf(node).length > 0 ? ', public' : '';
  const made = madeOfLine(node);
  const name = made === '' ? node.name : `${node.name} (${made})`;
  const state = `${name}: ${truth.word}${truth.rest}${open}`;
  return after.length === 0 ? state : `${state}; starts after ${after.join(', ')}`;
}
