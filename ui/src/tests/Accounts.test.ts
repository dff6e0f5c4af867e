import { fireEvent, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';

import type { MockEngine } from '../lib/backend/mock/engine';
import { asked, click, open as openWindow, pass, type, useFakeClock } from './window';

const TOKEN = 'v1-0123456789abcdef';
/** Longer than Cloudflare takes to answer twice. */
const ANSWERED_MS = 2_500;

useFakeClock();

const words = (testid: string) => screen.getByTestId(testid).textContent?.replace(/\s+/g, ' ').trim();
const button = (testid: string) => screen.getByTestId<HTMLButtonElement>(testid);

async function open(scenario = 'shared'): Promise<MockEngine> {
  const engine = await openWindow(scenario);
  await click('show-public');
  return engine;
}

async function act(what: string | HTMLElement): Promise<void> {
  await click(what);
  await pass(ANSWERED_MS);
}

async function send(form: string, token = TOKEN): Promise<void> {
  const within_ = within(screen.getByTestId(form));
  await fireEvent.input(within_.getByTestId('account-token'), { target: { value: token } });
  await act(within_.getByRole('button', { name: /^(Add|Save)$/ }));
}

/** All that the window holds: what is shown, and what stands in its fields and attributes. */
function everything(): string {
  const fields = [...document.querySelectorAll('input')].map((input) => input.value);
  return document.documentElement.outerHTML + fields.join();
}

describe('without an account', () => {
  test('it says that quick tunnels need none, and nothing of what is at Cloudflare', async () => {
    await open('8');
    expect(words('accounts')).toContain('Quick tunnels need no account');
    expect(screen.queryByTestId('at-cloudflare')).toBeNull();
  });

  test('the first one is called main; its token is typed once, sent, and nowhere in the window after that', async () => {
    const engine = await open('8');
    await click('add-account');
    expect(screen.getByTestId<HTMLInputElement>('account-token').type).toBe('password');
    expect(document.activeElement).toBe(screen.getByTestId('account-token'));
    await send('add-account-form');
    expect(engine.requests).toContainEqual({
      command: 'account.add',
      params: { name: 'main', token: TOKEN },
    });
    expect(screen.queryByTestId('add-account-form')).toBeNull();
    expect(words('account-main')).toContain('example.com, example.net');
    expect(screen.getByTestId('at-cloudflare')).toBeTruthy();
    expect(everything()).not.toContain(TOKEN);
  });

  test('the page that creates a token is copied: the window does not open it', async () => {
    const engine = await open('8');
    await click('add-account');
    await click('copy-link');
    expect(engine.copied).toEqual([engine.cloudflare.list().create_link]);
    expect(engine.opened).toEqual([]);
  });

  test('what a token lacks is told with its names, and the token is gone all the same', async () => {
    const engine = await open('8');
    await click('add-account');
    const token = `${TOKEN}-lacking`;
    await send('add-account-form', token);
    expect(screen.getByRole('alert').textContent).toContain(
      'lacks: Account / Cloudflare Tunnel / Edit, Zone / DNS / Edit',
    );
    expect(screen.getByRole('alert').textContent).toContain('create one that has all');
    expect(screen.getByRole('alert').textContent).not.toContain('https://');
    expect(engine.cloudflare.accounts).toEqual([]);
    expect(screen.queryByTestId('account-id')).toBeNull();
    expect(everything()).not.toContain(token);
  });

  test('the id of the account is asked for only when the token does not tell it', async () => {
    const engine = await open('8');
    await click('add-account');
    const token = `cfat_${TOKEN}`;
    await send('add-account-form', token);
    expect(screen.getByRole('alert').textContent).toContain("name the account's ID");
    await type('account-id', ' 9a7b ');
    await send('add-account-form', token);
    expect(engine.requests).toContainEqual({
      command: 'account.add',
      params: { name: 'main', token, account: '9a7b' },
    });
    expect(words('account-main')).toContain('9a7b');
    expect(everything()).not.toContain(token);
  });
});

describe('the accounts that are known', () => {
  test('say what they reach, and what is wrong with them', async () => {
    await open();
    expect(words('account-main')).toContain('example.com, example.net');
    expect(words('account-work')).toContain('the API token of the account work lacks');
    expect(words('account-work')).toContain('· create one that has all');
    expect(words('account-work')).toContain('in the zone notes.example the token lacks');
  });

  test('get another token in the place of the old one', async () => {
    const engine = await open();
    await click(screen.getByRole('button', { name: 'Change the token of work…' }));
    await send('token-form-work');
    expect(engine.secrets.stored.get('cloudflare/work')).toBe(TOKEN);
    expect(words('account-work')).not.toContain('lacks');
    expect(screen.queryByTestId('token-form-work')).toBeNull();
    expect(everything()).not.toContain(TOKEN);
  });

  test('are told of before a new one of the same name takes their place', async () => {
    await open();
    await click('add-account');
    expect(screen.getByTestId<HTMLInputElement>('account-name').value).toBe('');
    await type('account-name', 'work');
    expect(words('add-account-form')).toContain('work is known: the new token takes the place');
  });

  test('are removed after a question', async () => {
    const engine = await open();
    const ask = () => click(screen.getByRole('button', { name: 'Remove main…' }));
    await ask();
    expect(words('question')).toContain('What is at Cloudflare stays there');
    await click(within(screen.getByTestId('question')).getByRole('button', { name: 'Cancel' }));
    expect(asked(engine, 'account.remove')).toBe(0);
    await ask();
    await click('question-yes');
    expect(engine.requests).toContainEqual({ command: 'account.remove', params: { name: 'main' } });
    expect(screen.queryByTestId('account-main')).toBeNull();
  });

  test('are looked at again with the focus', async () => {
    const engine = await open();
    engine.cloudflare.accounts = engine.cloudflare.accounts.map(({ problem: _problem, ...rest }) => rest);
    await fireEvent.focus(window);
    await pass(50);
    expect(words('account-work')).not.toContain('create one that has all');
  });
});

describe('what is at Cloudflare', () => {
  test('is asked for by a click only, and told in the words of the terminal', async () => {
    const engine = await open();
    await pass(60_000);
    expect(asked(engine, 'tunnel.plan')).toBe(0);
    await click('show-plan');
    expect(words('show-plan')).toBe('Looking…');
    await pass(ANSWERED_MS);
    expect(engine.requests).toContainEqual({ command: 'tunnel.plan', params: { everything: true } });
    const ada = words('plan-Ada Lovelace');
    expect(ada).toContain("→ change the tunnel's rules: remove old.example.com");
    expect(ada).toContain('not ours: www.example.com: CNAME hosting.example.net: somebody else has made it');
    expect(ada).toContain('warning: a.b.example.com is 2 levels below example.com');
    expect(ada).toContain('left over: the tunnel kinfra-3f9a of another machine, inactive');
    expect(words('plan-Byron Press')).toContain('all is as it should be');
    expect(words('plan-Analytical Engines Ltd')).toContain('nothing can be done: cannot list the tunnels');
    expect(words('at-cloudflare')).toContain('shop.example.org: no known account has a zone for it');
  });

  test("somebody else's record is replaced after a question that says what is there", async () => {
    const engine = await open();
    await act('show-plan');
    await click('replace-www.example.com');
    expect(words('question')).toContain('What is there: CNAME hosting.example.net');
    expect(asked(engine, 'tunnel.take_over')).toBe(0);
    await act('question-yes');
    expect(engine.requests).toContainEqual({
      command: 'tunnel.take_over',
      params: { host: 'www.example.com', seal: '5f0c9a31d2e4' },
    });
    expect(screen.queryByTestId('replace-www.example.com')).toBeNull();
  });

  test('a record that has changed meanwhile is not replaced, and the question says so', async () => {
    const engine = await open();
    await act('show-plan');
    await click('replace-www.example.com');
    for (const { foreign } of engine.cloudflare.plans.accounts)
      for (const record of foreign) record.seal = 'another';
    await act('question-yes');
    expect(words('question')).toContain('has changed since it was shown');
  });

  test('a leftover is deleted after a question, and what was done is said', async () => {
    const engine = await open();
    await act('show-plan');
    await click('delete-c7f1');
    expect(words('question')).toContain('Delete the tunnel kinfra-3f9a of another machine, inactive?');
    await act('question-yes');
    expect(engine.requests).toContainEqual({ command: 'tunnel.sweep', params: { also: ['c7f1'] } });
    expect(words('swept')).toContain('deleted the tunnel kinfra-3f9a');
    expect(screen.queryByTestId('delete-c7f1')).toBeNull();
    expect(screen.getByTestId('delete-90be')).toBeTruthy();
  });

  test('is cleaned up as long as there are steps to take', async () => {
    const engine = await open();
    await act('show-plan');
    await click('clean-up');
    expect(words('clean-up')).toBe('Cleaning up…');
    expect(button('show-plan').disabled).toBe(true);
    await pass(ANSWERED_MS);
    expect(engine.requests).toContainEqual({ command: 'tunnel.sweep', params: { also: [] } });
    expect(words('swept')).toContain('delete the DNS record of old.example.com');
    expect(screen.queryByTestId('clean-up')).toBeNull();
    expect(screen.getByTestId('delete-c7f1')).toBeTruthy();
  });

  test('leaves no plan on show that was refused meanwhile', async () => {
    const engine = await open();
    await act('show-plan');
    const refused = { problems: [{ code: 'tunnel_refused', message: 'No more requests.' }] };
    engine.call = () => Promise.reject(refused);
    await act('show-plan');
    expect(screen.getByRole('alert').textContent).toContain('No more requests.');
    expect(screen.queryByTestId('plan-Ada Lovelace')).toBeNull();
    expect(words('show-plan')).toBe('Show plan');
  });

  test('is not claimed to be nothing while an account can not be used', async () => {
    const engine = await open();
    engine.cloudflare.plans = { accounts: [], homeless: [] };
    await act('show-plan');
    expect(words('at-cloudflare')).toContain('Nothing is known of work: see the problem above.');
    await act(screen.getByRole('button', { name: 'Remove work…' }));
    await act('question-yes');
    await act('show-plan');
    expect(words('at-cloudflare')).toContain('and nothing is left over');
  });
});
