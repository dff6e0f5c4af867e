import { expect, test } from 'vitest';

import type { Backend } from '../backend/backend';
import { MockEngine } from '../backend/mock/engine';
import { scenario } from '../backend/mock/scenarios';
import { Session } from './session.svelte';

async function connected(engine: MockEngine): Promise<Session> {
  const session = new Session(engine);
  await session.connect();
  return session;
}

test('a session shows what the engine has, at first and after every change', async () => {
  const engine = new MockEngine(scenario('8'));
  const session = await connected(engine);
  expect(session.snapshot).toEqual(engine.snapshot);
  await engine.call({ command: 'stack.stop', params: { project: 'shop', services: [] } });
  expect(session.snapshot).toEqual(engine.snapshot);
});

test('a delta that does not follow makes the session watch anew and catch up', async () => {
  const engine = new MockEngine(scenario('8'));
  let watches = 0;
  const watch = engine.watch.bind(engine);
  engine.watch = (onUpdate) => {
    watches += 1;
    return watch(onUpdate);
  };
  const session = await connected(engine);
  engine.loseDelta();
  expect(watches).toBe(2);
  await engine.call({ command: 'project.remove', params: { project: 'blog' } });
  expect(session.snapshot).toEqual(engine.snapshot);
  expect(watches).toBe(2);
});

test('an update of an earlier watch is ignored', async () => {
  const watchers: Parameters<Backend['watch']>[0][] = [];
  const engine = new MockEngine(scenario('8'));
  engine.watch = async (onUpdate) => {
    watchers.push(onUpdate);
    return () => undefined;
  };
  const session = await connected(engine);
  await session.connect();
  watchers[0]?.({ type: 'ended' });
  expect(session.connection).toBe('connecting');
  watchers[1]?.({ type: 'ended' });
  expect(session.connection).toBe('ended');
});

test('a watch that fails is told, with the reason', async () => {
  const engine = new MockEngine(scenario('8'));
  engine.watch = () => Promise.reject({ problems: [{ code: 'engine_unreachable', message: 'No engine.' }] });
  const session = await connected(engine);
  expect(session.connection).toBe('lost');
  expect(session.lostBecause?.message).toBe('No engine.');
});

test('a refused command is kept with its project until one succeeds', async () => {
  const session = await connected(new MockEngine(scenario('8')));
  const start = (service: string) =>
    session.send('shop', { command: 'stack.start', params: { project: 'shop', services: [service] } });
  await start('unknown');
  expect(session.refused['shop']?.[0]?.code).toBe('unknown_service');
  expect(session.refused['blog']).toBeUndefined();
  await start('web');
  expect(session.refused['shop']).toBeUndefined();
});

test('the first project is on show until another is chosen, and again when that one is gone', async () => {
  const engine = new MockEngine(scenario('8'));
  const session = await connected(engine);
  expect(session.selected?.slug).toBe('shop');
  session.select('blog');
  expect(session.selected?.slug).toBe('blog');
  await engine.call({ command: 'project.remove', params: { project: 'blog' } });
  expect(session.selected?.slug).toBe('shop');
});
