/** Which nodes a command reaches beside those that it names. */
import type { NodeState } from '../rpc/rpc';

/** These, and all that they depend on. */
export function withDependencies(nodes: NodeState[], names: string[]): Set<string> {
  return reached(names, (name) => nodes.find((node) => node.name === name)?.depends_on ?? []);
}

/** These, and all that depend on them. */
export function withDependants(nodes: NodeState[], names: string[]): Set<string> {
  return reached(names, (name) =>
    nodes.filter((node) => node.depends_on.includes(name)).map((node) => node.name),
  );
}

/** All that depend on this one, in the order of the configuration. */
export function dependantsOf(nodes: NodeState[], name: string): NodeState[] {
  const all = withDependants(nodes, [name]);
  return nodes.filter((node) => node.name !== name && all.has(node.name));
}

function reached(names: string[], next: (name: string) => string[]): Set<string> {
  const found = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    open.push(...next(name));
  }
  return found;
}
