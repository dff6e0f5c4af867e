import type { NodeState, ProjectState, RouteState } from '../rpc/rpc';

/** Through a proxy on this port. */
export function routeUrl({ host, path }: RouteState, proxyPort: number): string {
  return `http://${host}:${proxyPort}${path === '/' ? '' : path}`;
}

/**
 * Every URL by which a service is reachable on this machine, its own first; none while the proxy doesn't listen. Of an
 * MCP server those of its endpoint, which is all that there is of it.
 */
export function localUrls(node: NodeState, proxyPort: number | undefined): string[] {
  if (proxyPort === undefined) return [];
  const endpoint = node.mcp?.path ?? '';
  const url = (route: RouteState) => routeUrl(route, proxyPort) + (route.path === '/' ? endpoint : '');
  return (node.routes ?? []).map(url);
}

/** The names of a project that somebody else than KInfra has to lead to this machine. */
export function domains(project: ProjectState): string[] {
  const hosts = project.nodes.flatMap(({ routes }) => (routes ?? []).map(({ host }) => host));
  return hosts.filter((host) => !host.endsWith('.localhost'));
}
