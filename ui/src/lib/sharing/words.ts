/** What is public, in words: the same as those of the tray's menu (`crates/tray/src/sharing.rs`). */
import type { Download, Exposure, NodeState, ProjectState, TunnelStatus } from '../rpc/rpc';
import type { Look } from '../state/status';
import { span } from '../state/time';

export const ANYONE = 'anyone with the link';

/** Where a quick tunnel is shown. */
export const QUICK_LIMITS =
  'A quick tunnel takes up to 200 requests at a time, has no server-sent events, and gets another URL with each start.';

/** One name by which a service is or could be public. */
export interface Shared {
  project: ProjectState;
  node: NodeState;
  exposure: Exposure;
  /** Unique among all, and the same as long as it is the same name. */
  key: string;
}

export function isOpen({ status }: Exposure): boolean {
  return status !== 'off';
}

export function isBroken(status: TunnelStatus): boolean {
  return status === 'down' || status === 'unauthorised' || status === 'deleted';
}

export function openOf({ exposures = [] }: NodeState): Exposure[] {
  return exposures.filter(isOpen);
}

export function sharedOf(projects: ProjectState[]): Shared[] {
  return projects.flatMap((project) =>
    project.nodes.flatMap((node) =>
      (node.exposures ?? []).map((exposure, place) => ({
        project,
        node,
        exposure,
        key: `${project.slug}/${node.name}/${place}`,
      })),
    ),
  );
}

/** The services of which anything is public now. */
export function publicServices(projects: ProjectState[]): NodeState[] {
  return projects.flatMap(({ nodes }) => nodes.filter((node) => openOf(node).length > 0));
}

/** The shape of a tunnel; public and well is a globe. */
export type PublicLook = Look | 'public';

export function tunnelLook(status: TunnelStatus): PublicLook {
  if (status === 'healthy') return 'public';
  if (status === 'connecting') return 'busy';
  if (status === 'degraded') return 'degraded';
  return status === 'off' ? 'idle' : 'failed';
}

/** The worst of what is public of these services; nothing where nothing is. */
export function worstLook(nodes: NodeState[]): PublicLook | undefined {
  const looks = nodes.flatMap(openOf).map(({ status }) => tunnelLook(status));
  const order: PublicLook[] = ['failed', 'degraded', 'busy', 'public'];
  return order.find((look) => looks.includes(look));
}

/** How many of these services can't be reached from outside, though they are to be: `1 down`. */
export function downWords(nodes: NodeState[]): string | undefined {
  const down = nodes.filter((node) => openOf(node).some(({ status }) => isBroken(status))).length;
  return down === 0 ? undefined : `${down} down`;
}

/** Beside how a service is, unless its tunnel is as it should be. */
export function tunnelWord(node: NodeState): string | undefined {
  const look = worstLook([node]);
  if (look === undefined || look === 'public') return undefined;
  return look === 'failed' ? 'tunnel down' : look === 'busy' ? 'tunnel connecting' : 'tunnel degraded';
}

/** What stands for the many names that an exposure without a URL has: `*.example.com`. */
export function patternOf({ published = [] }: NodeState): string | undefined {
  return published.find(({ host }) => host.startsWith('*.'))?.host;
}

/** In two parts: the word in the state's colour, and why. */
export function fare({ status, reason }: Exposure): { word: string; rest: string } {
  switch (status) {
    case 'healthy':
      return { word: 'public', rest: `: ${ANYONE}` };
    case 'connecting':
      return { word: 'connecting…', rest: '' };
    case 'off':
      if (reason === '' || reason === 'not shared') return { word: 'not shared', rest: '' };
      return { word: 'off', rest: ` · ${reason}` };
    case 'down':
    case 'degraded':
      return { word: status, rest: reason === '' ? '' : `: ${reason}` };
    default:
      return { word: reason === '' ? status : reason, rest: '' };
  }
}

/** How a tunnel is: the same words, of a connector. */
export function tunnelFare({ status, reason }: { status: TunnelStatus; reason: string }): {
  word: string;
  rest: string;
} {
  if (status === 'connecting' || status === 'unauthorised' || status === 'deleted')
    return fare({ kind: 'named', status, reason });
  // Its connections are counted beside it.
  return { word: status, rest: reason === '' || status === 'healthy' ? '' : `: ${reason}` };
}

/** `Public: anyone with the link`, `3 services are public: anyone with the link`. */
export function publicLine(services: number): string {
  if (services === 0) return 'Nothing is public';
  return services === 1 ? `Public: ${ANYONE}` : `${services} services are public: ${ANYONE}`;
}

/** How long until it ends by itself, to the minute: `1 h 58 min`. */
export function left(endsAt: number, now: number): string {
  const minutes = Math.floor(Math.max(0, endsAt - now) / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return span(Math.max(0, endsAt - now));
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** When it ends by itself: `ends in 58 min`. */
export function leftWords(endsAt: number, now: number): string {
  return endsAt > now ? `ends in ${left(endsAt, now)}` : 'ends now';
}

/** Without what every public URL begins with. */
export function shownUrl(url: string): string {
  return url.replace(/^https:\/\//, '').replace(/\/$/, '');
}

/** For how long a service can be shared, in seconds. */
export const TIMES = [
  { words: '1 hour', seconds: 3_600 },
  { words: '2 hours', seconds: 7_200 },
  { words: '8 hours', seconds: 28_800 },
  { words: '24 hours', seconds: 86_400 },
];

/** How far the download of cloudflared is: `Loading cloudflared: 40 % of 42 MB`. */
export function loaded({ done, whole }: Download): string {
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  if (!whole) {
    return `Loading cloudflared: ${megabytes(done)}`;
  }
  return `Loading cloudflared: ${Math.floor((done / whole) * 100)} % of ${megabytes(whole)}`;
}
