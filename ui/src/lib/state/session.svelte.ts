/**
 * Theory of operation. A session holds the one copy of the engine's state that the window shows. It watches the
 * backend: a snapshot replaces the copy, a delta is applied to it. A delta that doesn't follow means that some
 * were lost; the session then drops the watch and begins another, whose first update is a snapshot. Until that
 * arrives the old copy stays on show. Commands go out through `send`; what comes of them is seen in the state,
 * and only their failures are kept here, until they are dismissed or a later command of that project succeeds.
 */
import { createContext } from 'svelte';

import type { Backend, Command, RequestOf, Response, Unsubscribe } from '../backend/backend';
import { toFailure } from '../backend/failure';
import { Deeds } from '../inspection/deeds.svelte';
import { MigrationBook } from '../migration/book.svelte';
import { NameBook } from '../names/book.svelte';
import { PortBook } from '../ports/book.svelte';
import type { Problem, ProjectState, Snapshot, Update } from '../rpc/rpc';
import { applyDelta } from './reducer';

/**
 * What the main pane shows: the selected project, how to add one, the ports of the whole machine, what is public,
 * secrets, the settings, or what moving over from KInfra 1.0 does.
 */
export type Page = 'project' | 'add' | 'ports' | 'public' | 'secrets' | 'settings' | 'migration';

/** How the services of a project are shown. */
export type Arrangement = 'list' | 'graph';

/** What stands below the services of a project. */
export type Pane = 'log' | 'requests';

export type Connection = 'connecting' | 'live' | 'lost' | 'ended';

export class Session {
  readonly backend: Backend;
  snapshot = $state.raw<Snapshot>();
  connection = $state<Connection>('connecting');
  /** Why the connection was lost. */
  lostBecause = $state.raw<Problem>();
  /** What the app around the window has to say. */
  notice = $state<string | null>(null);
  /** Problems of the last command that failed, by the project's slug. */
  refused = $state.raw<Record<string, Problem[]>>({});
  page = $state<Page>('project');
  /** Of all projects, for as long as this window lives. */
  arrangement = $state<Arrangement>('list');
  /** Of all projects, too. */
  pane = $state<Pane>('log');
  /** Whether the details of a service have its environment unfolded; for as long as this window lives. */
  environmentShown = $state(false);
  readonly ports: PortBook;
  readonly names: NameBook;
  readonly migration: MigrationBook;
  readonly deeds: Deeds;
  /** Problems of the engine that the user has put aside, for as long as this window lives. */
  #putAside = $state.raw<string[]>([]);
  #selected = $state<string>();
  /** What of that project is to be shown in detail, until its view has taken that up. */
  wanted = $state<string>();
  #unsubscribe: Unsubscribe | undefined;
  #watch = 0;

  constructor(backend: Backend) {
    this.backend = backend;
    this.ports = new PortBook(backend);
    this.names = new NameBook(backend);
    this.migration = new MigrationBook(backend);
    this.deeds = new Deeds(backend, (project, problems) => this.#tell(project, problems));
  }

  /** The project on show: the one chosen, or the first while that one doesn't exist. */
  get selected(): ProjectState | undefined {
    const projects = this.snapshot?.projects ?? [];
    return projects.find((project) => project.slug === this.#selected) ?? projects[0];
  }

  select(slug: string, node?: string): void {
    this.#selected = slug;
    this.wanted = node;
    this.page = 'project';
  }

  /** What is wrong with KInfra itself and was not put aside. */
  get engineProblems(): Problem[] {
    const problems = this.snapshot?.engine.problems ?? [];
    return problems.filter((problem) => !this.#putAside.includes(problemKey(problem)));
  }

  putAside(problem: Problem): void {
    this.#putAside = [...this.#putAside, problemKey(problem)];
  }

  /** Hears what the app has to say. Not to hear it takes nothing from the window. */
  async listen(): Promise<void> {
    await this.backend.notice((text) => (this.notice = text)).catch(() => undefined);
  }

  async connect(): Promise<void> {
    const watch = ++this.#watch;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    try {
      const unsubscribe = await this.backend.watch((update) => {
        if (watch === this.#watch) this.#take(update);
      });
      if (watch === this.#watch) this.#unsubscribe = unsubscribe;
      else unsubscribe();
    } catch (error) {
      if (watch !== this.#watch) return;
      this.connection = 'lost';
      this.lostBecause = toFailure(error).problems[0];
    }
  }

  close(): void {
    this.#watch += 1;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** Sends a command that concerns a project; a failure is shown with that project. */
  async send<C extends Command>(project: string, request: RequestOf<C>): Promise<Response<C> | undefined> {
    try {
      const response = await this.backend.call(request);
      this.dismiss(project);
      return response;
    } catch (error) {
      this.#tell(project, toFailure(error).problems);
      return undefined;
    }
  }

  dismiss(project: string): void {
    const { [project]: _gone, ...others } = this.refused;
    this.refused = others;
  }

  /** Why the last command of a project was refused; none: it was not. */
  #tell(project: string, problems: Problem[]): void {
    if (problems.length === 0) this.dismiss(project);
    else this.refused = { ...this.refused, [project]: problems };
  }

  #take(update: Update): void {
    switch (update.type) {
      case 'snapshot':
        this.snapshot = update.value;
        this.connection = 'live';
        break;
      case 'delta': {
        const next = this.snapshot && applyDelta(this.snapshot, update.value);
        if (next) this.snapshot = next;
        else void this.connect();
        break;
      }
      case 'ended':
        this.connection = 'ended';
        break;
      case 'notice':
      case 'show_window':
        // Both are for the desktop: it shows the notification, and the window that this page is in.
        break;
    }
  }
}

function problemKey({ code, message }: Problem): string {
  return `${code} ${message}`;
}

export const [getSession, setSession] = createContext<Session>();
