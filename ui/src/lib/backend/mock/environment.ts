/** What a service of the in-memory engine would find in its environment, of every layer something. */
import type { Environment, EnvironmentVariable, NodeState, ProjectState } from '../../rpc/rpc';

export function environmentOf({ slug, folder, nodes }: ProjectState, node: NodeState): Environment {
  const own: EnvironmentVariable[] = [
    { name: 'HOME', value: '/home/ada', layer: 'system', shadows: [] },
    { name: 'LANG', value: 'en_GB.UTF-8', layer: 'system', shadows: [] },
    { name: 'PATH', value: '/home/ada/.local/bin:/usr/local/bin:/usr/bin', layer: 'system', shadows: [] },
    { name: 'HTTP_PROXY', value: 'http://proxy.example:3128', layer: 'settings', shadows: ['system'] },
    { name: 'LOG_LEVEL', value: 'debug', layer: 'service', shadows: ['project_file', 'project'] },
    { name: 'NODE_ENV', value: 'development', layer: 'project', shadows: [] },
    {
      name: 'STRIPE_API_KEY',
      value: '${secret:stripe}',
      layer: 'service',
      secrets: ['stripe'],
      shadows: [],
    },
    {
      name: 'SESSION_SECRET',
      value: 'correct horse battery staple',
      layer: 'project_file',
      file: `${folder}/.env`,
      shadows: [],
    },
    {
      name: 'DATABASE_URL',
      value: `postgres://${slug}:hunter22@127.0.0.1:20117/${slug}?application_name=${node.name}`,
      layer: 'service_file',
      file: `${folder}/${node.name}/.env`,
      shadows: ['project'],
    },
  ];
  const near = nodes.filter(({ name, port }) => node.depends_on.includes(name) && port !== undefined);
  const given = near.flatMap(({ name, port }): EnvironmentVariable[] => {
    const upper = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
    const common = { layer: 'dependency' as const, shadows: [] };
    return [
      { name: `${upper}_PORT`, value: String(port), ...common },
      { name: `${upper}_URL`, value: `http://127.0.0.1:${port}`, ...common },
    ];
  });
  const ports: EnvironmentVariable[] =
    node.port === undefined
      ? []
      : [
          { name: 'HOST', value: '127.0.0.1', layer: 'ports', shadows: [] },
          { name: 'PORT', value: String(node.port), layer: 'ports', shadows: ['system'] },
        ];
  const variables = [...own, ...given, ...ports].sort((one, other) => (one.name < other.name ? -1 : 1));
  return { variables };
}
