import { createSubscriber } from 'svelte/reactivity';

/** The time as the views show it: it ticks once per second while something shows it, else not at all. */
class Clock {
  #subscribe = createSubscriber((update) => {
    const timer = setInterval(update, 1000);
    return () => clearInterval(timer);
  });

  /** Milliseconds since 1970. */
  get now(): number {
    this.#subscribe();
    return Date.now();
  }
}

export const clock = new Clock();
