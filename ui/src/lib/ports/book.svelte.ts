/**
 * Theory of operation. The book holds the last list of ports that the engine gave. It is read anew when a view
 * opens, when the state's marks change (`portMarks`), after a command and on demand; never by the clock. One
 * reading runs at a time: whoever asks meanwhile gets another one after it. The old list stays until the new one
 * is there, and stays for good when none comes.
 */
import type { Backend } from '../backend/backend';
import { toFailure } from '../backend/failure';
import type { Finding, PortList, Problem } from '../rpc/rpc';

/** How long changes of the state are gathered, in milliseconds: a stack that starts has many. */
const GATHER_MS = 300;

export class PortBook {
  list = $state.raw<PortList>();
  /** What the doctor says; as it was when it can't be asked, for that keeps nobody from the list. */
  findings = $state.raw<Finding[]>([]);
  /** Why the last reading failed. */
  problems = $state.raw<Problem[]>([]);
  #backend: Backend;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Resolves when a reading that began after this call is through. */
  refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#reading) return this.#begin();
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  refreshSoon(): void {
    this.#timer ??= setTimeout(() => void this.refresh(), GATHER_MS);
  }

  #begin(): Promise<void> {
    this.#reading = this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      this.list = await this.#backend.call({ command: 'port.list', params: {} });
      this.problems = [];
    } catch (error) {
      this.problems = toFailure(error).problems;
      return;
    }
    const examined = this.#backend.call({ command: 'doctor.examine', params: {} });
    this.findings = await examined.then(({ findings }) => findings).catch(() => this.findings);
  }
}
