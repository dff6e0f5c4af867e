/** What is told of a resource that is told of no service. */
import type { NodeState } from '../rpc/rpc';

export function isResource({ kind }: NodeState): boolean {
  return kind === 'resource';
}

/** The project's own, and what that needs; each in the order of the configuration. */
export function apart(nodes: NodeState[]): { services: NodeState[]; resources: NodeState[] } {
  return { services: nodes.filter((node) => !isResource(node)), resources: nodes.filter(isResource) };
}

/** Its template, or else its type; and what it is made of: `postgres`, `postgres:18.6`. */
export function madeOf({ resource }: NodeState): { of: string; what: string | undefined } {
  return { of: resource?.template ?? resource?.kind ?? '', what: resource?.what };
}

/** The same in one line: `postgres · postgres:18.6`. */
export function madeOfLine(node: NodeState): string {
  const { of, what } = madeOf(node);
  return what === undefined ? of : `${of} · ${what}`;
}

/** Where programs of this machine find it: `127.0.0.1:20117`. */
export function hostAndPort({ port }: NodeState): string | undefined {
  return port === undefined ? undefined : `127.0.0.1:${port}`;
}
