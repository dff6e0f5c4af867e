/** What a node of the in-memory engine looks like once its fate has been met. */
import type { ErrorCode, Failure, NodeState, PortHolder, Problem } from '../../rpc/rpc';
import type { Fate, ProjectPlan } from './plans';

/** What a service prints when it crashes. */
export const LAST_LINES = [
  'pool: cannot connect to db at 127.0.0.1:20117: connection refused (os error 111), attempt 5 of 5',
  '\x1b[31mpanic\x1b[0m: connection refused',
  '    at pool::connect (src/pool.rs:88)',
  '    at main (src/main.rs:14)',
];

/** Why a service can't even be started, if so. `holder` has its port, if another has it. */
export function refusal(fate: Fate, node: NodeState, holder: PortHolder | undefined): Problem | undefined {
  if (holder) {
    return {
      code: 'port_taken',
      message: `port ${node.port} of ${node.name} is taken by ${described(holder)}`,
      hint: 'Stop that program, or give the service another port.',
    };
  }
  switch (fate) {
    case 'port_claimed':
      return {
        code: 'port_claimed',
        message: `port ${node.port} of ${node.name} belongs to core of bank`,
        hint: 'Give it another port.',
      };
    case 'command_missing':
      return {
        code: 'command_not_found',
        message: `The command "meilisearchd" of ${node.name} was not found in PATH.`,
        hint: 'Install it, or correct "run" in kinfra.yaml.',
      };
    case 'unreachable':
      return {
        code: 'resource_unreachable',
        message:
          "the Docker engine at /run/user/1000/podman/podman.sock doesn't answer: nothing is there; it is the one that DOCKER_HOST names",
        hint: 'start it; KInfra goes on when it is there',
      };
    case 'healthy':
    case 'unhealthy':
    case 'crashes':
    case 'fetches':
    case 'never_ready':
    case 'waits':
    case 'retries':
    case 'completes':
    case 'paused':
    case 'paused_by_vendor':
      return undefined;
  }
}

/** As the engine writes it: `node (pid 4711, in /home/me/shop)`. */
export function described({ container, program, pid, folder, user }: PortHolder): string {
  if (container !== undefined) return `the container ${container}`;
  if (pid === undefined) return `a program of the user ${user}`;
  return `${program ?? 'a program'} (pid ${pid}${folder === undefined ? '' : `, in ${folder}`})`;
}

/** What a node that starts is about. */
export function begun(fate: Fate, { resource }: NodeState): string {
  return fate === 'fetches' ? `starting: fetching ${resource?.what}, 40 %` : 'starting: connection refused';
}

/** A resource that somebody here has paused, or that is on its way from or to that. */
export function pausedHere(message: string): Pick<NodeState, 'health' | 'detail' | 'problem'> {
  return paused('resource_paused', message);
}

/** Was paused, and is on its way back. */
export function resuming(): Pick<NodeState, 'health' | 'detail' | 'problem'> {
  const message = 'is being resumed';
  return { health: 'unknown', detail: message, problem: { code: 'resource_resuming', message } };
}

function paused(code: ErrorCode, message: string): Pick<NodeState, 'health' | 'detail' | 'problem'> {
  const problem: Problem = { code, message, hint: 'Resume makes it go on where it was' };
  return { health: 'unknown', detail: `not known: ${message}`, problem };
}

/** What the probes of a running node say. */
export function probed(fate: Fate, name: string): Pick<NodeState, 'health' | 'detail'> {
  return fate === 'unhealthy'
    ? { health: 'unhealthy', detail: 'unhealthy: GET /health answered 503' }
    : { health: 'healthy', detail: `healthy · ${3 + ((name.length * 7) % 40)} ms` };
}

/** A task that is through. */
export function completed({ pid: _pid, started_at: _started, ...node }: NodeState, at: number): NodeState {
  return {
    ...node,
    phase: 'exited',
    health: 'unknown',
    detail: 'exited with code 0',
    last_exit: { code: 0, at },
  };
}

/** A node of a stack that has been running for a while: what it is beyond a stopped one. */
export function settled(
  plan: ProjectPlan,
  node: NodeState,
  index: number,
  now: number,
  holder: PortHolder | undefined,
): Partial<NodeState> {
  const fate = plan.services[index]?.fate ?? 'healthy';
  if (node.adopted) return { phase: 'running', ...probed(fate, node.name) };
  const problem = refusal(fate, node, holder);
  if (problem) return { phase: 'failed', detail: problem.message, problem };
  const started_at = now - (index + 1) * 1_117_000;
  const process = { ...(hasProcess(node) && { pid: 5000 + index }), started_at };
  switch (fate) {
    case 'fetches':
      return { phase: 'starting', health: 'starting', detail: begun(fate, node), started_at: now - 12_000 };
    case 'never_ready':
      return { ...process, phase: 'starting', health: 'starting', detail: begun(fate, node) };
    case 'waits':
      return {
        phase: 'waiting',
        detail: `waits for ${node.depends_on[0]}`,
        waits_for: node.depends_on.slice(0, 1),
      };
    case 'retries':
      return {
        phase: 'exited',
        detail: 'exited with code 1',
        restarts: 3,
        last_exit: { code: 1, at: now - 2_000 },
        last_lines: LAST_LINES,
        retry_at: now + 3_600_000,
      };
    case 'completes':
      return { phase: 'exited', detail: 'exited with code 0', last_exit: { code: 0, at: now - 3_000_000 } };
    case 'crashes':
      return {
        phase: 'crash_looping',
        detail: 'exited with code 1, 5 times in a row',
        restarts: 5,
        last_exit: { code: 1, at: now - 4_000 },
        last_lines: LAST_LINES,
      };
    case 'paused':
      return { started_at, phase: 'running', ...pausedHere('is paused') };
    case 'paused_by_vendor':
      return {
        started_at,
        phase: 'running',
        ...paused('resource_paused_by_vendor', 'Supabase has paused it: inactive'),
      };
    case 'healthy':
    case 'unhealthy':
    case 'command_missing':
    case 'port_claimed':
    case 'unreachable':
      return { ...process, phase: 'running', restarts: index % 7 === 3 ? 2 : 0, ...probed(fate, node.name) };
  }
}

/** Whether there is one on this machine that stands for it: not for what an API or a command starts somewhere. */
export function hasProcess({ resource }: NodeState): boolean {
  return resource === undefined || resource.kind === 'docker';
}

/** The thing asked for, or the failure that says that it isn't there. */
export function found<T>(value: T | undefined, code: ErrorCode, name: string): T {
  if (value !== undefined) return value;
  throw { problems: [{ code, message: `There is no "${name}".` }] } satisfies Failure;
}

/** Refuses a command. */
export function refuse(code: ErrorCode, message: string, hint?: string): never {
  throw { problems: [{ code, message, ...(hint !== undefined && { hint }) }] } satisfies Failure;
}
