/**
 * Resources that are paused. A pause is no end: the node stays running, and its problem says who has paused it. The
 * problem's words are those of the cloud adapter (`adapters/cloud/adapter.rs`).
 */
import type { NodeState } from '../rpc/rpc';

/** Somebody here, which is as it should be; or whoever runs it, which is not. */
export type PausedBy = 'here' | 'vendor';

export interface PauseAction {
  action: 'pause' | 'resume';
  label: 'Pause' | 'Resume';
  /** Not while it is on its way. */
  enabled: boolean;
}

const PAUSING = /^is being paused/;
const RESUMING = /^is being resumed/;
const BY_VENDOR = /^(.+?) has paused it(?:: (.*))?$/;

export function pausedBy({ phase, problem }: NodeState): PausedBy | undefined {
  if (phase !== 'running') return undefined;
  if (problem?.code === 'resource_paused') return 'here';
  return problem?.code === 'resource_paused_by_vendor' ? 'vendor' : undefined;
}

function isResuming({ phase, problem }: NodeState): boolean {
  return phase === 'running' && problem?.code === 'resource_resuming';
}

/** Whether it is being paused, or goes on in a moment. */
export function isPauseUnderWay(node: NodeState): boolean {
  return isResuming(node) || (pausedBy(node) === 'here' && PAUSING.test(node.problem?.message ?? ''));
}

/** What is said of a paused resource, in two parts as of any node; nothing of one that isn't. */
export function pauseTruth(node: NodeState): { word: string; rest: string } | undefined {
  const message = node.problem?.message ?? '';
  if (isResuming(node)) return { word: 'resuming', rest: message.replace(RESUMING, '') };
  const by = pausedBy(node);
  if (by === undefined) return undefined;
  if (by === 'vendor') {
    const [, vendor, why] = BY_VENDOR.exec(message) ?? [];
    if (vendor === undefined) return { word: 'paused by its vendor', rest: message && ` · ${message}` };
    return { word: `paused by ${vendor}`, rest: why ? ` · ${why}` : '' };
  }
  if (PAUSING.test(message)) return { word: 'pausing', rest: message.replace(PAUSING, '') };
  return { word: 'paused', rest: message.replace(/^is paused/, '') };
}

/** What the one button of a resource that can be paused does now. */
export function pauseAction(node: NodeState): PauseAction | undefined {
  if (!node.resource?.pauses) return undefined;
  if (pausedBy(node) !== undefined || isResuming(node))
    return { action: 'resume', label: 'Resume', enabled: !isPauseUnderWay(node) };
  const ready = node.phase === 'running' && (node.health === 'healthy' || node.health === 'degraded');
  return { action: 'pause', label: 'Pause', enabled: ready };
}
