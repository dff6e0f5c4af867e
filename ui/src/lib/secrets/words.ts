/** The words of secrets, without any value: the window never has one but the moment that it is typed. */
import type { KeyringState, SecretInfo } from '../rpc/rpc';
import type { Look } from '../state/status';

/** What is to be said of the keyring; null when all is well. */
export function keyringWords({ status, message }: KeyringState): { title: string; meaning: string } | null {
  switch (status) {
    case 'available':
      return null;
    case 'locked':
      return {
        title: 'The keyring is locked.',
        meaning:
          'Unlock it to see what is in it. A service that needs a secret waits for that, and a change asks for its password.',
      };
    case 'absent':
      return {
        title:
          message === undefined ? 'There is no keyring.' : `${message[0]?.toUpperCase()}${message.slice(1)}.`,
        meaning:
          'Secrets come from variables that are set before KInfra starts, or from what projects declare. A keyring that comes up later is used at once.',
      };
  }
}

/** Where the value comes from when it is used. */
export function originWords(secret: SecretInfo): { text: string; look: Look; title: string } {
  switch (secret.origin) {
    case 'keyring':
      return { text: 'in the keyring', look: 'healthy', title: 'It is in the keyring of the system' };
    case 'environment':
      return {
        text: secret.variable,
        look: 'healthy',
        title: `The variable ${secret.variable} of KInfra's own environment, which wins over the keyring`,
      };
    case 'source': {
      const sources = [...new Set(secret.used_by.flatMap(({ source }) => source ?? []))].join(', ');
      return {
        text: sources,
        look: 'healthy',
        title: `Declared by the project or in your settings: ${sources}`,
      };
    }
    case 'missing':
      return { text: 'not set', look: 'failed', title: 'What uses it does not start' };
    case 'unknown':
      return { text: 'unknown', look: 'idle', title: 'The keyring can not be looked into' };
  }
}

/** Who uses it, by project: `shop: api, worker`. */
export function userWords({ used_by }: SecretInfo): string {
  const projects = new Map<string, string[]>();
  for (const { project, service } of used_by)
    projects.set(project, [...(projects.get(project) ?? []), service]);
  return [...projects].map(([project, services]) => `${project}: ${services.join(', ')}`).join(' · ');
}
