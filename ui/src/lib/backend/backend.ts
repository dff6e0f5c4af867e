import type { CommandMap, Update } from '../rpc/rpc';

export type Command = keyof CommandMap;
export type Params<C extends Command> = CommandMap[C][0];
export type Response<C extends Command> = CommandMap[C][1];

/** One request as it travels: the same shape as the generated `Request`, with its command kept as a type. */
export interface RequestOf<C extends Command> {
  command: C;
  params: Params<C>;
}

/** Ends a watch; nothing arrives afterwards. */
export type Unsubscribe = () => void;

/**
 * All that the window knows of the world outside. Every view works on this alone, so that the real engine and
 * the in-memory one are the same to it.
 */
export interface Backend {
  /** Sends one command. Rejects with a `Failure`. */
  call<C extends Command>(request: RequestOf<C>): Promise<Response<C>>;

  /** Follows the state: a snapshot first, then deltas. Rejects with a `Failure`. */
  watch(onUpdate: (update: Update) => void): Promise<Unsubscribe>;

  /**
   * What the app around the window has to say beside the engine's state, now and whenever that changes; null when
   * it is nothing.
   */
  notice(onNotice: (text: string | null) => void): Promise<Unsubscribe>;

  /** Opens a URL in the user's browser. */
  openUrl(url: string): Promise<void>;

  /** Puts a text on the clipboard. */
  copy(text: string): Promise<void>;
}
