/** What a service uses, with the load of the last minute. */
import type { NodeUsage } from '../rpc/rpc';
import { Sampler } from '../state/sampler.svelte';

/** One minute. */
export const HISTORY = 30;

export class UsageFollower extends Sampler<NodeUsage> {
  /** Percentages, the newest last. */
  history = $state.raw<number[]>([]);

  protected override take(usage: NodeUsage | undefined): void {
    super.take(usage);
    if (usage) this.history = [...this.history, usage.cpu_percent].slice(-HISTORY);
  }
}
