/** What is shown of ports, and which commands their buttons send. */
import type { PortClaim, PortHolder, PortRange, PortUse, Protocol, Snapshot } from '../rpc/rpc';
import type { Look } from '../state/status';

/** Names one claim for as long as it exists, wherever its port moves. */
export function claimKey({ project, node, replica, name, protocol }: PortClaim): string {
  return [project, node, replica, name, protocol].join('/');
}

/** The port as short text, and in full: `20123 → 5173`, `20126/udp`. */
export function shownPort(claim: PortClaim): { text: string; title: string } {
  const port = `${claim.port}${claim.protocol === 'udp' ? '/udp' : ''}`;
  const { this_time, listens_on } = claim;
  if (this_time !== undefined) {
    return { text: `${port} → ${this_time}`, title: `${this_time} until it is stopped, then ${port} again` };
  }
  if (listens_on !== undefined) {
    return { text: `${port} → ${listens_on}`, title: `Listens on ${listens_on}, not on ${port}` };
  }
  return { text: port, title: port };
}

/** The port that counts now. */
export function presentPort({ port, this_time }: PortClaim): number {
  return this_time ?? port;
}

const USES: Record<PortUse, { look: Look; word: string; title: string }> = {
  free: { look: 'idle', word: 'free', title: 'Nobody is on it' },
  in_use: { look: 'healthy', word: 'in use', title: 'Its owner is on it' },
  adopted: { look: 'healthy', word: 'adopted', title: 'Left to a program that KInfra did not start' },
  taken: { look: 'failed', word: 'taken', title: 'Another program is on it' },
};

export function shownUse(use: PortUse): { look: Look; word: string; title: string } {
  return USES[use];
}

/** `postgres (pid 903)`, `container shop-db-1`. */
export function shownHolder({ container, program, pid, user }: PortHolder): string {
  if (container !== undefined) return `container ${container}`;
  if (pid !== undefined) return `${program ?? 'a program'} (pid ${pid})`;
  return `${program ?? 'a program'} of ${user}`;
}

/** One process, named so that no other can be meant. */
export interface EndableProcess extends PortHolder {
  pid: number;
  start_time: string;
}

/** The holder if its process can be ended by name, which neither a container nor another user's program can. */
export function endable(holder: PortHolder | undefined): EndableProcess | undefined {
  if (!holder || holder.container !== undefined) return undefined;
  const { pid, start_time } = holder;
  return pid === undefined || start_time === undefined ? undefined : { ...holder, pid, start_time };
}

/** Which port a command is for; without a name the one that the service finds in `PORT`. */
export interface PortTarget {
  project: string;
  service: string;
  name?: string;
}

export function targetOf({ project, node, name, main }: PortClaim): PortTarget {
  return { project, service: node, ...(!main && { name }) };
}

/** Whether each word of the filter is somewhere in the row. */
export function matches(claim: PortClaim, filter: string): boolean {
  const { port, this_time, listens_on, protocol, project, node, name, holder } = claim;
  const parts = [port, this_time, listens_on, protocol, project, node, name, shownUse(claim.use).word];
  const text = [...parts, holder?.program, holder?.container, holder?.pid].join(' ').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function shownRange({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}–${last}`;
}

/** A port from 1 to 65535. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** `5432`, or two ports with a dash between them: `8000-8099`. */
export function parseRange(text: string): PortRange | undefined {
  const [first, last, ...more] = text.split(/[-–]/).map(parsePort);
  if (first === undefined || more.length > 0) return undefined;
  if (last === undefined) return /[-–]/.test(text) ? undefined : { first, last: first };
  return first <= last ? { first, last } : undefined;
}

/** Changes whenever the state says something that may have changed what is on the ports. */
export function portMarks(snapshot: Snapshot | undefined): string {
  const nodes = (snapshot?.projects ?? []).flatMap(({ slug, nodes }) =>
    nodes.map((node) => [slug, node.name, node.phase, node.port, node.listens_on, node.adopted, node.pid]),
  );
  return JSON.stringify(nodes);
}

/** `protocol` and the process exactly as they were listed. */
export function freeing(port: number, protocol: Protocol, { pid, start_time }: EndableProcess) {
  return { port, protocol, pid, start_time };
}
