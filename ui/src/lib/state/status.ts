/**
 * The words and shapes of the state. What a stack's status is, and how many of its nodes count, follows
 * `ProjectState` in `kinfra-rpc`.
 */
import type { NodeState, ProjectState, StackStatus } from '../rpc/rpc';
import { withDependencies } from './dependencies';
import { isPauseUnderWay, pausedBy, pauseTruth } from './pauses';
import { isResource } from './resources';
import { span } from './time';

/** One of the shapes; each has a colour of its own and never stands without a word. */
export type Look = 'healthy' | 'busy' | 'degraded' | 'failed' | 'idle' | 'paused' | 'suspended';

export function isHealthy(node: NodeState): boolean {
  return node.phase === 'running' && node.health === 'healthy';
}

/** It ended by itself, with success, and is not started again: a migration that is through. */
export function isDone(node: NodeState): boolean {
  return node.phase === 'exited' && node.retry_at === undefined && node.last_exit?.code === 0;
}

/** It is to be healthy when the whole project runs. */
export function isExpected(node: NodeState): boolean {
  const isAskedFor = !node.optional || node.wanted === 'running';
  return node.kind !== 'task' && isAskedFor && !isDone(node) && pausedBy(node) !== 'here';
}

/** It does not run, and nothing but a person will change that. */
export function hasFailed(node: NodeState): boolean {
  if (node.phase === 'exited') return node.retry_at === undefined && !isDone(node);
  return node.phase === 'failed' || node.phase === 'crash_looping';
}

export function stackStatus(nodes: NodeState[]): StackStatus {
  if (nodes.some(hasFailed)) return 'failed';
  if (nodes.some((node) => node.phase === 'stopping' && node.wanted === 'stopped')) return 'stopping';
  if (
    nodes.some(
      (node) => node.phase === 'running' && (node.health === 'unhealthy' || node.health === 'degraded'),
    ) ||
    nodes.some((node) => pausedBy(node) === 'vendor')
  )
    return 'degraded';
  const isWell = (node: NodeState) => isHealthy(node) || isDone(node) || pausedBy(node) === 'here';
  if (nodes.some((node) => node.wanted === 'running' && !isWell(node))) return 'starting';
  return nodes.some((node) => node.phase === 'running') ? 'running' : 'stopped';
}

const STACK_LOOKS: Record<StackStatus, Look> = {
  stopped: 'idle',
  starting: 'busy',
  running: 'healthy',
  degraded: 'degraded',
  failed: 'failed',
  stopping: 'busy',
};

export function projectLook({ nodes, problems }: ProjectState): Look {
  if (problems.length > 0 && nodes.length === 0) return 'failed';
  const status = stackStatus(nodes);
  return status === 'running' && isAllPaused(nodes) ? 'paused' : STACK_LOOKS[status];
}

/**
 * The project in a few words: `3 of 3 healthy`, `starting · 1 of 3 healthy`, `2 problems · stopped`,
 * `2 of 2 healthy · 1 paused`.
 */
export function projectLine({ nodes, problems }: ProjectState): string {
  const status = stackStatus(nodes);
  const healthy = `${nodes.filter(isHealthy).length} of ${nodes.filter(isExpected).length} healthy`;
  if (problems.length > 0) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    if (nodes.length === 0) return count;
    return `${count} · ${status === 'running' ? runningLine(nodes, healthy) : status}`;
  }
  if (nodes.length === 0) return 'no services';
  if (status === 'running') return runningLine(nodes, healthy);
  return status === 'stopped' ? status : `${status} · ${healthy}`;
}

function runningLine(nodes: NodeState[], healthy: string): string {
  const paused = nodes.filter((node) => pausedBy(node) === 'here').length;
  if (paused === 0) return healthy;
  return isAllPaused(nodes) ? 'paused' : `${healthy} · ${paused} paused`;
}

/** Nothing else of it is to run. */
function isAllPaused(nodes: NodeState[]): boolean {
  return nodes.some((node) => pausedBy(node) === 'here') && !nodes.some(isExpected);
}

export function nodeLook(node: NodeState): Look {
  switch (node.phase) {
    case 'stopped':
      return 'idle';
    case 'waiting':
    case 'starting':
    case 'stopping':
      return 'busy';
    case 'failed':
    case 'crash_looping':
      return 'failed';
    case 'exited':
      if (node.retry_at !== undefined) return 'busy';
      return node.last_exit?.code === 0 ? 'idle' : 'failed';
    case 'running':
      if (isPauseUnderWay(node)) return 'busy';
      if (pausedBy(node) !== undefined) return pausedBy(node) === 'here' ? 'paused' : 'suspended';
      if (node.health === 'starting') return 'busy';
      return node.health === 'degraded' || node.health === 'unhealthy' ? 'degraded' : 'healthy';
  }
}

/** The word beside the shape. */
export function nodeWord(node: NodeState): string {
  const { phase, health } = node;
  if (isDone(node)) return 'done';
  const paused = pauseTruth(node);
  if (paused) return paused.word;
  if (phase === 'crash_looping') return 'crash loop';
  return phase === 'running' && health !== 'unknown' ? health : phase;
}

/** How the engine's line of truth ends meanwhile. */
const IN_MAINTENANCE = ' · in maintenance';

/** What is fetched stands beside it, and the figure would be cut off first. */
const FETCHING = /^starting: (\w+) \S+, (\d+ %)$/;

/**
 * One line of truth in two parts: the word, and what the engine says beyond it, with countdowns to what comes
 * next. The engine's line often begins with the word itself, which is then not said twice.
 */
export function nodeTruth(node: NodeState, now: number): { word: string; rest: string } {
  const paused = pauseTruth(node);
  if (paused) return paused;
  const word = nodeWord(node);
  const detail = node.maintenance ? node.detail.replace(IN_MAINTENANCE, '') : node.detail;
  let rest = detail === '' ? '' : ` · ${detail}`;
  if (detail.startsWith(word)) rest = detail.slice(word.length);
  // How it ended is no news then.
  if (isDone(node)) rest = '';
  if (node.phase === 'stopped' && node.optional) rest += ' · optional';
  if (node.adopted) rest = ` · not started by KInfra${rest}`;
  if (node.retry_at !== undefined) rest += `, next try in ${span(Math.max(0, node.retry_at - now))}`;
  if (node.kill_at !== undefined) {
    // Without a process of its own: what it started lives on for a moment.
    const what = node.pid === undefined ? 'kill of what is left' : 'kill';
    rest += `, ${what} in ${span(Math.max(0, node.kill_at - now))}`;
  }
  const fetching = FETCHING.exec(detail);
  if (isResource(node) && fetching?.[1] && fetching[2]) return { word: fetching[1], rest: ` ${fetching[2]}` };
  if (node.phase === 'waiting' && detail.startsWith('waits '))
    return { word: 'waits', rest: detail.slice('waits'.length) + (node.maintenance ? IN_MAINTENANCE : '') };
  // Before figures, which may be cut off.
  if (node.maintenance)
    rest = rest === '' || rest.startsWith(' · ') ? IN_MAINTENANCE + rest : rest + IN_MAINTENANCE;
  return { word, rest };
}

/** Whether it is down for a reason that a person may have removed meanwhile, or is to be tried again by itself later. */
export function canRetry(node: NodeState): boolean {
  return hasFailed(node) || (node.phase === 'exited' && node.retry_at !== undefined);
}

/** Whether Start would do something. */
export function canStart(node: NodeState): boolean {
  return ['stopped', 'exited', 'failed', 'crash_looping'].includes(node.phase);
}

/**
 * Whether a start of the whole project would bring up something that belongs to it. What the start leaves out counts
 * only where something else needs it, and what is done is done. `is_start_needed` of the tray says the same.
 */
export function isStartNeeded(nodes: NodeState[]): boolean {
  const named = nodes.filter((node) => !node.optional).map((node) => node.name);
  const meant = withDependencies(nodes, named);
  // What is paused goes on by a start of the project.
  const isDown = (node: NodeState) => (canStart(node) && !isDone(node)) || isSettledPause(node);
  return nodes.some((node) => meant.has(node.name) && isDown(node));
}

function isSettledPause(node: NodeState): boolean {
  return pausedBy(node) !== undefined && !isPauseUnderWay(node);
}

/** Whether Stop would do something. */
export function canStop(node: NodeState): boolean {
  return node.wanted === 'running' || ['waiting', 'starting', 'running'].includes(node.phase);
}

/** Whether there is something to restart; what never ran is started instead. */
export function canRestart(node: NodeState): boolean {
  return ['starting', 'running', 'exited', 'failed', 'crash_looping'].includes(node.phase);
}
