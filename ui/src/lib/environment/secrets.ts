/**
 * What is hidden of an environment until somebody asks for it. The engine sends real values; which names are those of
 * secrets follows `kinfra_engine::logs::is_secret`, and a test compares the two.
 */

/** What the name of a variable with a secret contains. */
export const NAMES = [
  'TOKEN',
  'SECRET',
  'PASSWORD',
  'PASSWD',
  'PASSPHRASE',
  'API_KEY',
  'APIKEY',
  'ACCESS_KEY',
  'AUTH_KEY',
  'ENCRYPTION_KEY',
  'SIGNING_KEY',
  'MASTER_KEY',
  'PRIVATE',
  'CREDENTIAL',
];

/** Such a variable says where a secret is. */
export const PLACES = ['_FILE', '_PATH', '_DIR', '_FOLDER', '_HOME'];

export const HIDDEN = '[hidden]';

const PASSWORD_IN_URL = /([A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/?#:@]*:)[^\s/?#]+@/g;

export function isSecret(name: string): boolean {
  const upper = name.toUpperCase();
  return NAMES.some((part) => upper.includes(part)) && !PLACES.some((end) => upper.endsWith(end));
}

/**
 * The value as it may be looked over: without what is secret by its name or its place in a URL. Where the engine names
 * a secret in the place of its value there is nothing to hide.
 */
export function hidden({
  name,
  value,
  secrets = [],
}: {
  name: string;
  value: string;
  secrets?: string[];
}): string {
  if (secrets.length > 0) return value;
  return isSecret(name) && value !== '' ? HIDDEN : value.replace(PASSWORD_IN_URL, `$1${HIDDEN}@`);
}
