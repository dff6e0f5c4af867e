import { isTauri } from '@tauri-apps/api/core';

import type { Backend } from './backend';

/**
 * The app's engine inside the app. In a browser, where only developers of this window come, an engine in memory:
 * `?mock=8` chooses the scenario. It is no part of a production build.
 */
export async function chooseBackend(): Promise<Backend> {
  if (isTauri()) {
    const { TauriBackend } = await import('./tauri');
    return new TauriBackend();
  }
  if (import.meta.env.DEV || import.meta.env.MODE === 'mock') {
    const { MockEngine } = await import('./mock/engine');
    const { scenario } = await import('./mock/scenarios');
    return new MockEngine(scenario(new URLSearchParams(location.search).get('mock')), { chatter: true });
  }
  throw new Error('This page belongs in the window of KInfra, which opens from its tray icon.');
}
