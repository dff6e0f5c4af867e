import { expect, test } from 'vitest';

import type { SecretInfo } from '../rpc/rpc';
import { keyringWords, originWords, userWords } from './words';

function secret(changes: Partial<SecretInfo>): SecretInfo {
  return {
    name: 'db',
    origin: 'keyring',
    in_keyring: true,
    variable: 'KINFRA_SECRET_DB',
    used_by: [],
    ...changes,
  };
}

test('a keyring that is there says nothing', () => {
  expect(keyringWords({ status: 'available' })).toBeNull();
  expect(keyringWords({ status: 'locked' })?.title).toBe('The keyring is locked.');
  expect(keyringWords({ status: 'absent', message: 'no keyring answers (x)' })?.title).toBe(
    'No keyring answers (x).',
  );
});

test('each origin has its words', () => {
  const used_by = [{ project: 'shop', service: 'api', source: 'op://a/b/c' }];
  expect(originWords(secret({})).text).toBe('in the keyring');
  expect(originWords(secret({ origin: 'environment' })).text).toBe('KINFRA_SECRET_DB');
  expect(originWords(secret({ origin: 'source', used_by: [...used_by, ...used_by] })).text).toBe(
    'op://a/b/c',
  );
  expect(originWords(secret({ origin: 'missing' }))).toMatchObject({ text: 'not set', look: 'failed' });
  expect(originWords(secret({ origin: 'unknown' })).text).toBe('unknown');
});

test('its users stand together by project', () => {
  const used_by = [
    { project: 'shop', service: 'api' },
    { project: 'blog', service: 'web' },
    { project: 'shop', service: 'worker' },
  ];
  expect(userWords(secret({ used_by }))).toBe('shop: api, worker · blog: web');
  expect(userWords(secret({}))).toBe('');
});
