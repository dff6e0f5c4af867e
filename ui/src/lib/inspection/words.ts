/** What is said of a resource where it runs. */
import type { InspectedItem, Inspection, NodeState, OfferedAction, Problem, SignIn, Tone } from '../rpc/rpc';
import { pauseAction, pausedBy } from '../state/pauses';
import type { Look } from '../state/status';

/** Who runs it, also before they have answered: types are called as their vendors are. */
export function vendorName({ resource }: NodeState, seen: Inspection | undefined): string {
  if (seen?.vendor) return seen.vendor;
  const kind = resource?.kind ?? '';
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}

const LOOKS: Record<Tone, Look> = { good: 'healthy', changing: 'busy', bad: 'failed', quiet: 'idle' };
const WORDS: Record<Tone, string> = { good: 'well', changing: 'changing', bad: 'failed', quiet: 'quiet' };

/** The shape and the word of one of several things: the vendor's own word, where it has one. */
export function itemState({ state, tone }: InspectedItem): { look: Look; word: string } {
  return { look: LOOKS[tone], word: state?.replaceAll('_', ' ').toLowerCase() || WORDS[tone] };
}

/** Whether the vendor is at work on something of it. */
export function isChanging({ lists }: Inspection): boolean {
  return lists.some(({ items }) => items.some(({ tone }) => tone === 'changing'));
}

/** The same for the same action, however its words change. */
export function actionKey({ action, target }: OfferedAction): string {
  return JSON.stringify([action, target]);
}

/** Without what the buttons above do already, or can't do any more. */
export function remaining(actions: OfferedAction[], node: NodeState): OfferedAction[] {
  const above = pauseAction(node);
  const isPaused = pausedBy(node) !== undefined;
  return actions.filter(({ action, target }) => {
    if (target !== undefined || (action !== 'pause' && action !== 'resume')) return true;
    return above === undefined || !(isPaused || (above.enabled && above.action === action));
  });
}

/** What a credential may not do, and what can't be told of it. */
export function signInWords({ missing = [], unproven = [] }: SignIn): {
  lacks: string[];
  unproven: string | undefined;
} {
  return {
    lacks: missing.map((text) => `lacks ${text}`),
    unproven:
      unproven.length === 0 ? undefined : `not proven before the first change: ${unproven.join(', ')}`,
  };
}

/** Not to be reached is nobody's fault, and passes. */
export function failureLook({ code }: Problem): Look {
  return code === 'resource_unreachable' ? 'idle' : 'failed';
}
