import { fireEvent, screen, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';

import type { MockEngine } from '../lib/backend/mock/engine';
import { click, open as openWindow, pass, type, useFakeClock } from './window';

const VALUE = 'correct horse battery staple';

useFakeClock();

async function open(scenario = 'secrets'): Promise<MockEngine> {
  const engine = await openWindow(scenario);
  await click('show-secrets');
  return engine;
}

const row = (name: string) => screen.getByTestId(`secret-${name}`);
const valueOf = (form: HTMLElement) => within(form).getByTestId<HTMLInputElement>('secret-value');

async function save(form: HTMLElement, value = VALUE): Promise<void> {
  await fireEvent.input(valueOf(form), { target: { value } });
  await click(within(form).getByRole('button', { name: 'Save' }));
}

/** All that the window holds: what is shown, and what stands in its fields and attributes. */
function everything(): string {
  const fields = [...document.querySelectorAll('input')].map((input) => input.value);
  return document.documentElement.outerHTML + fields.join();
}

test('each secret says where it comes from and who uses it', async () => {
  await open();
  expect(row('shop/database').textContent).toContain('in the keyring');
  expect(row('shop/database').textContent).toContain('shop: api, worker');
  expect(row('shop/mail').textContent).toContain('not set');
  expect(row('npm-token').textContent).toContain('KINFRA_SECRET_NPM_TOKEN');
  expect(row('stripe').textContent).toContain('op://dev/stripe/key');
  expect(screen.getByTestId('secret-count').textContent).toBe('5 secrets · 1 not set');
  expect(screen.queryByTestId('keyring-state')).toBeNull();
});

test('a value is typed once, sent, and nowhere in the window after that', async () => {
  const engine = await open();
  await click(within(row('shop/mail')).getByRole('button', { name: 'Set shop/mail…' }));
  const form = screen.getByTestId('set-secret-shop/mail');
  expect(valueOf(form).type).toBe('password');
  await save(form);
  expect(engine.secrets.stored.get('shop/mail')).toBe(VALUE);
  expect(row('shop/mail').textContent).toContain('in the keyring');
  expect(screen.queryByTestId('set-secret-shop/mail')).toBeNull();
  expect(everything()).not.toContain(VALUE);
});

test('a new secret has a name of its own', async () => {
  const engine = await open();
  const form = screen.getByTestId('add-secret');
  expect(within(form).getByRole<HTMLButtonElement>('button', { name: 'Save' }).disabled).toBe(true);
  await type('secret-name', ' shop/new ');
  await save(form);
  expect(engine.secrets.stored.get('shop/new')).toBe(VALUE);
  expect(row('shop/new').textContent).toContain('in the keyring');
  expect(everything()).not.toContain(VALUE);
});

test('what is refused is told, and the value is gone all the same', async () => {
  const engine = await open();
  await type('secret-name', '@tunnel/x');
  await save(screen.getByTestId('add-secret'));
  expect(screen.getByRole('alert').textContent).toContain("can't be the name of a secret");
  expect(engine.secrets.stored.size).toBe(2);
  expect(everything()).not.toContain(VALUE);
});

test('a secret is deleted after a question', async () => {
  const engine = await open();
  const ask = () =>
    click(within(row('shop/database')).getByRole('button', { name: 'Delete shop/database…' }));
  await ask();
  expect(screen.getByTestId('confirm-delete').textContent).toContain('does not start without it');
  await click(within(screen.getByTestId('confirm-delete')).getByRole('button', { name: 'Cancel' }));
  expect(engine.secrets.stored.has('shop/database')).toBe(true);
  await ask();
  await click('confirm-delete-yes');
  expect(engine.secrets.stored.has('shop/database')).toBe(false);
  expect(row('shop/database').textContent).toContain('not set');
});

test('the state of the keyring is said in words, and is looked at again with the focus', async () => {
  const engine = await open('locked');
  expect(screen.getByTestId('keyring-state').textContent).toContain('The keyring is locked.');
  expect(row('shop/database').textContent).toContain('unknown');
  expect(screen.queryByTestId('secret-old')).toBeNull();
  engine.secrets.keyring = { status: 'available' };
  await fireEvent.focus(window);
  await pass(50);
  expect(screen.queryByTestId('keyring-state')).toBeNull();
  expect(row('old').textContent).toContain('in the keyring');
});

test('without a keyring it says what there is instead', async () => {
  await open('no-keyring');
  expect(screen.getByTestId('keyring-state').textContent).toContain('No keyring answers (no session bus).');
  expect(row('npm-token').textContent).toContain('KINFRA_SECRET_NPM_TOKEN');
  await type('secret-name', 'shop/new');
  await save(screen.getByTestId('add-secret'));
  expect(screen.getByRole('alert').textContent).toContain("can't be stored: no keyring answers");
});
