/** The user's settings of the in-memory engine, which has no file. */
import type { ChangeSettings, Settings } from '../../rpc/rpc';
import type { Scenario } from './plans';

const LOG_BYTES = 128 * 1024 * 1024;

export class MockSettings {
  #settings: Settings;

  constructor(scenario: Scenario) {
    const reserved = (scenario.reserved ?? []).filter((one) => one.from_settings).map(({ range }) => range);
    this.#settings = {
      file: '/home/ada/.config/kinfra/settings.yaml',
      exists: reserved.length > 0,
      restore: false,
      range: { first: 20_000, last: 28_999 },
      reserved,
      log_bytes: LOG_BYTES,
    };
  }

  get read(): Settings {
    return this.#settings;
  }

  change({ restore = this.#settings.restore }: ChangeSettings): Settings {
    const exists = this.#settings.exists || restore !== this.#settings.restore;
    this.#settings = { ...this.#settings, exists, restore };
    return this.#settings;
  }
}
