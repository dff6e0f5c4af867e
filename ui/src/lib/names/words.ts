import type { NodeState, ProjectState, RouteState } from '../rpc/rpc';

/** Through a proxy on this port. */
export function routeUrl({ host, path }: RouteState, proxyPort: number): string {
  return `http://${host}:${proxyPort}${path === '/' ? '' : path}`;
}

/** Every URL by which a service is reachable on this machine, its own first; none while the proxy doesn't listen. */
export function localUrls(node: NodeState, proxyPort: number | undefined): string[] {
  if (proxyPort === undefined) return [];
  return (node.routes ?? []).map((route) => routeUrl(route, proxyPort));
}

/** The names of a project that somebody else than KInfra has to lead to this machine. */
export function domains(project: ProjectState): string[] {
  const hosts = project.nodes.flatMap(({ routes }) => (routes ?? []).map(({ host }) => host));
  return hosts.filter((host) => !host.endsWith('.localhost'));
}
