import { clearMocks, mockIPC } from '@tauri-apps/api/mocks';
import { afterEach, expect, test } from 'vitest';

import type { Update } from '../rpc/rpc';
import { TauriBackend } from './tauri';

afterEach(clearMocks);

/** What Tauri puts into the page, which its types leave out. */
function internals(): { runCallback(id: number, message: unknown): void } {
  return (globalThis as unknown as { __TAURI_INTERNALS__: ReturnType<typeof internals> }).__TAURI_INTERNALS__;
}

test('a command travels through the one Tauri command, and its answer comes back', async () => {
  const calls: unknown[] = [];
  mockIPC((name, payload) => {
    calls.push([name, payload]);
    return { port: 7081 };
  });
  const backend = new TauriBackend();
  const answer = await backend.call({ command: 'proxy.use_port', params: { port: 7081 } });
  expect(answer).toEqual({ port: 7081 });
  expect(calls).toEqual([['rpc', { request: { command: 'proxy.use_port', params: { port: 7081 } } }]]);
});

test('a failure of the engine is what the call rejects with', async () => {
  const failure = { problems: [{ code: 'port_taken', message: 'Port 7081 is taken.' }] };
  mockIPC(() => {
    throw failure;
  });
  const call = new TauriBackend().call({ command: 'proxy.use_port', params: { port: 7081 } });
  await expect(call).rejects.toEqual(failure);
});

test('updates come through the channel in order, and none after the end of the watch', async () => {
  let send: (update: Update, index: number) => void = () => undefined;
  mockIPC((name, payload) => {
    if (name !== 'watch') throw new Error(`unexpected command ${name}`);
    const { channel } = payload as { channel: { id: number } };
    send = (update, index) => internals().runCallback(channel.id, { index, message: update });
  });
  const seen: string[] = [];
  const unsubscribe = await new TauriBackend().watch((update) => seen.push(update.type));
  send({ type: 'ended' }, 1);
  send({ type: 'show_window' }, 0);
  expect(seen).toEqual(['show_window', 'ended']);
  unsubscribe();
  send({ type: 'ended' }, 2);
  expect(seen).toHaveLength(2);
});

test('what the app has to say comes through a channel of its own, until nobody listens', async () => {
  let send: (text: string | null, index: number) => void = () => undefined;
  mockIPC((name, payload) => {
    if (name !== 'notice') throw new Error(`unexpected command ${name}`);
    const { channel } = payload as { channel: { id: number } };
    send = (text, index) => internals().runCallback(channel.id, { index, message: text });
  });
  const heard: (string | null)[] = [];
  const unsubscribe = await new TauriBackend().notice((text) => heard.push(text));
  send('There is no tray icon.', 0);
  send(null, 1);
  unsubscribe();
  send('again', 2);
  expect(heard).toEqual(['There is no tray icon.', null]);
});

test('URLs are opened and texts copied by commands of the app', async () => {
  const calls: unknown[] = [];
  mockIPC((name, payload) => {
    calls.push([name, payload]);
  });
  const backend = new TauriBackend();
  await backend.openUrl('http://web.shop.localhost:7080');
  await backend.copy('text');
  expect(calls).toEqual([
    ['open_url', { url: 'http://web.shop.localhost:7080' }],
    ['copy_text', { text: 'text' }],
  ]);
});
