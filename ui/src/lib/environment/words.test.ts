import { describe, expect, test } from 'vitest';

import secretsOfTheEngine from '../../../../src-tauri/crates/engine/src/logs/secrets.rs?raw';
import type { EnvironmentVariable } from '../rpc/rpc';
import { hidden, isSecret, NAMES, PLACES } from './secrets';
import { exports, matches, origin } from './words';

function variable(changes: Partial<EnvironmentVariable>): EnvironmentVariable {
  return { name: 'LEVEL', value: 'debug', layer: 'service', shadows: [], ...changes };
}

describe('a secret', () => {
  test.each([
    ['NAMES', NAMES],
    ['PLACES', PLACES],
  ])('has a name as the engine knows them: %s', (list, words) => {
    const source = new RegExp(`const ${list}: [^=]*= \\[([^\\]]*)\\]`).exec(secretsOfTheEngine)?.[1];
    expect(source?.match(/"[^"]+"/g)?.map((word) => word.slice(1, -1))).toEqual(words);
  });

  test.each([
    ['GITHUB_TOKEN', true],
    ['db_password', true],
    ['SECRET_KEY_BASE', true],
    ['PASSWORD_FILE', false],
    ['KEYBOARD', false],
  ])('is what %s holds: %s', (name, secret) => {
    expect(isSecret(name)).toBe(secret);
  });

  test.each([
    ['API_TOKEN', 'abcdefgh', '[hidden]'],
    ['API_TOKEN', '', ''],
    ['DATABASE_URL', 'postgres://me:p@ss@db:5432/x', 'postgres://me:[hidden]@db:5432/x'],
    ['CACHES', 'redis://:one@a:1,redis://:two@b:2', 'redis://:[hidden]@a:1,redis://:[hidden]@b:2'],
    ['HOME_URL', 'http://localhost:80/a@b', 'http://localhost:80/a@b'],
    ['LEVEL', 'debug', 'debug'],
  ])('%s=%s is shown as %s', (name, value, shown) => {
    expect(hidden({ name, value })).toBe(shown);
  });
});

describe('a variable', () => {
  test('comes from its file, or its layer, over those below', () => {
    expect(origin(variable({}))).toBe("the service's env");
    expect(origin(variable({ layer: 'project_file', file: '/shop/.env' }))).toBe('/shop/.env');
    expect(origin(variable({ shadows: ['system', 'project'] }))).toBe(
      "the service's env, over that of the project's env, the system",
    );
  });

  test('is found by its name, its value and its origin, but not by what is hidden of it', () => {
    expect(matches(variable({}), 'level')).toBe(true);
    expect(matches(variable({}), 'DEBUG service')).toBe(true);
    expect(matches(variable({}), 'debug system')).toBe(false);
    expect(matches(variable({ name: 'A_TOKEN', value: 'abcdef' }), 'abc')).toBe(false);
  });

  test('is written so that a shell reads it back', () => {
    expect(exports([variable({ value: "it's $HOME" })])).toBe("export LEVEL='it'\\''s $HOME'\n");
  });

  test('of which a secret is only named is shown as that, and not exported', () => {
    const named = variable({ name: 'API_TOKEN', value: '${secret:token}', secrets: ['token'] });
    expect(hidden(named)).toBe('${secret:token}');
    expect(exports([named])).toBe('');
  });
});
