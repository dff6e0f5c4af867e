import { expect, test } from 'vitest';

import examine from '../../../../src-tauri/crates/engine/src/cloudflare/examine.rs?raw';
import type { AccountInfo, AccountPlan, Problem } from '../rpc/rpc';
import { ASKS_FOR_ID, asksForId, emptyWords, isClean, proofWords, proposedName, withoutLink } from './words';

const account = (changes: Partial<AccountInfo> = {}): AccountInfo => ({
  name: 'main',
  owner: 'user',
  accounts: [],
  zones: [],
  missing: [],
  unproven: [],
  notes: [],
  ...changes,
});
const problem: Problem = { code: 'tunnel_refused', message: 'the API token is not active' };
const plan = (changes: Partial<AccountPlan> = {}): AccountPlan => ({
  account: 'Ada',
  steps: [],
  foreign: [],
  warnings: [],
  leftovers: [],
  ...changes,
});

test('the engine asks for the id of an account in the words that the window looks for', () => {
  expect(examine).toContain(ASKS_FOR_ID);
  expect(asksForId([{ ...problem, message: `no zone would tell which: ${ASKS_FOR_ID}` }])).toBe(true);
  expect(asksForId([problem])).toBe(false);
});

test('the first account is called main, another one has no name of itself', () => {
  expect(proposedName([])).toBe('main');
  expect(proposedName([account({ name: 'work' })])).toBe('main');
  expect(proposedName([account()])).toBe('');
});

test('the page that creates a token is taken out of a hint, and other links are not', () => {
  const link = 'https://dash.cloudflare.com/profile/api-tokens?permissionGroupKeys=%5B&name=KInfra';
  const hint = `create one that has all: ${link}`;
  expect(withoutLink({ ...problem, hint })).toEqual({
    problem: { ...problem, hint: 'create one that has all' },
    link,
  });
  const other = { ...problem, hint: 'https://www.cloudflarestatus.com tells of larger failures' };
  expect(withoutLink(other)).toEqual({ problem: other });
  expect(withoutLink(problem)).toEqual({ problem });
});

test('what only the first change will show is said', () => {
  expect(
    proofWords(account({ unproven: ['Zone / DNS / Edit', 'Account / Cloudflare Tunnel / Edit'] })),
  ).toEqual(['not proven before the first change: Zone / DNS / Edit, Account / Cloudflare Tunnel / Edit']);
  expect(proofWords(account())).toEqual([]);
});

test('a plan is clean when nothing is to be done and nothing is in the way', () => {
  expect(isClean(plan())).toBe(true);
  expect(isClean(plan({ warnings: ['the zone is paused'] }))).toBe(true);
  expect(isClean(plan({ steps: ['create the tunnel'] }))).toBe(false);
  expect(isClean(plan({ foreign: [{ host: 'a.example.com', what: 'CNAME', seal: 's' }] }))).toBe(false);
  expect(isClean(plan({ leftovers: [{ id: 'a', what: 'a tunnel' }] }))).toBe(false);
  expect(isClean(plan({ obstacle: 'no answer' }))).toBe(false);
});

test('nothing is claimed of an account that can not be used', () => {
  const none = { accounts: [], homeless: [] };
  expect(emptyWords(none, [account()])).toContain('nothing is left over');
  expect(emptyWords(none, [account(), account({ name: 'work', problem })])).toBe(
    'Nothing is known of work: see the problem above.',
  );
  expect(emptyWords({ ...none, homeless: ['a.example.org'] }, [])).toBeUndefined();
});
