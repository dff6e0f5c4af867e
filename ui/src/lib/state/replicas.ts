/** What means one node alone in a command: `web.1`, where `web` means all replicas of that service. */
import type { NodeState } from '../rpc/rpc';

export function address({ name, replica }: NodeState): string {
  return replica === undefined ? name : `${replica.of}.${replica.number}`;
}

/** The same for a node that is known by its name. */
export function addressIn(nodes: NodeState[], name: string): string {
  const node = nodes.find((node) => node.name === name);
  return node === undefined ? name : address(node);
}

/** What the configuration calls it; all of its replicas are meant by that. */
export function serviceOf({ name, replica }: NodeState): string {
  return replica?.of ?? name;
}
