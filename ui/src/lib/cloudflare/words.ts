/** What is said of accounts and of what they have at Cloudflare: the words of `kinfra accounts` and `kinfra tunnels`. */
import type { AccountInfo, AccountPlan, Problem, TunnelPlans } from '../rpc/rpc';

/** How the first account is called, as `kinfra accounts add` does. */
export const FIRST_NAME = 'main';

/** A new account's name as it stands in the form. */
export function proposedName(known: AccountInfo[]): string {
  return known.some(({ name }) => name === FIRST_NAME) ? '' : FIRST_NAME;
}

export function listed(texts: string[]): string {
  return texts.length === 0 ? 'none' : texts.join(', ');
}

/** What the engine asks for of a token that doesn't tell whose it is (`cloudflare/examine.rs`). */
export const ASKS_FOR_ID = "name the account's ID";

export function asksForId(problems: Problem[]): boolean {
  return problems.some(({ message }) => message.includes(ASKS_FOR_ID));
}

const LINK = /:? (https:\/\/dash\.cloudflare\.com\/\S+)/;

/** A problem whose hint ends with the page that creates a token: nobody reads that one, but copies it. */
export function withoutLink(problem: Problem): { problem: Problem; link?: string } {
  const [whole, link] = problem.hint?.match(LINK) ?? [];
  if (whole === undefined || link === undefined) return { problem };
  return { problem: { ...problem, hint: problem.hint?.replace(whole, '') ?? '' }, link };
}

/** What reading can't tell of a token. */
export function proofWords({ unproven }: AccountInfo): string[] {
  return unproven.length === 0 ? [] : [`not proven before the first change: ${unproven.join(', ')}`];
}

/** Whether there is nothing to be done, and nothing in the way. */
export function isClean({ steps, foreign, leftovers, obstacle }: AccountPlan): boolean {
  return steps.length + foreign.length + leftovers.length === 0 && obstacle === undefined;
}

/** What is said when nothing is there; that nothing is said of an account that can't be used. */
export function emptyWords({ accounts, homeless }: TunnelPlans, known: AccountInfo[]): string | undefined {
  if (accounts.length + homeless.length > 0) return undefined;
  const unusable = known.filter(({ problem }) => problem !== undefined).map(({ name }) => name);
  return unusable.length > 0
    ? `Nothing is known of ${unusable.join(', ')}: see the problem above.`
    : 'Nothing is public by a name of your own, and nothing is left over.';
}
