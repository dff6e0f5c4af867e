import { Channel, invoke } from '@tauri-apps/api/core';

import type { Update } from '../rpc/rpc';
import type { Backend, Command, RequestOf, Response, Unsubscribe } from './backend';

/** The engine in the app that shows this window. */
export class TauriBackend implements Backend {
  call<C extends Command>(request: RequestOf<C>): Promise<Response<C>> {
    return invoke('rpc', { request });
  }

  async watch(onUpdate: (update: Update) => void): Promise<Unsubscribe> {
    let open = true;
    const channel = new Channel<Update>((update) => {
      if (open) onUpdate(update);
    });
    await invoke('watch', { channel });
    return () => {
      open = false;
    };
  }

  async notice(onNotice: (text: string | null) => void): Promise<Unsubscribe> {
    let open = true;
    const channel = new Channel<string | null>((text) => {
      if (open) onNotice(text);
    });
    await invoke('notice', { channel });
    return () => {
      open = false;
    };
  }

  openUrl(url: string): Promise<void> {
    return invoke('open_url', { url });
  }

  copy(text: string): Promise<void> {
    return invoke('copy_text', { text });
  }
}
