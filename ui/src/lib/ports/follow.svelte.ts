import { untrack } from 'svelte';

import type { Session } from '../state/session.svelte';
import { portMarks } from './words';

/**
 * Keeps the list of ports fresh for as long as the component that calls this is on show. `isFresh` says whether
 * the list was read since; before, it may be of another time.
 */
export function followPorts(session: Session): { readonly isFresh: boolean } {
  let opened = false;
  let isFresh = $state(false);
  const marks = $derived(portMarks(session.snapshot));
  $effect(() => {
    void marks;
    untrack(() => {
      if (opened) session.ports.refreshSoon();
      else void session.ports.refresh().then(() => (isFresh = true));
      opened = true;
    });
  });
  return {
    get isFresh() {
      return isFresh;
    },
  };
}
