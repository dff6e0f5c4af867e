/** The words of an environment: the same as those of `kinfra env`. */
import type { EnvironmentLayer, EnvironmentVariable } from '../rpc/rpc';
import { hidden } from './secrets';

const LAYERS: Record<EnvironmentLayer, string> = {
  system: 'the system',
  settings: 'your settings',
  project_file: 'a file of the project',
  project: "the project's env",
  service_file: 'a file of the service',
  dependency: 'what it depends on',
  service: "the service's env",
  ports: 'its ports',
};

/** Where the value comes from, and what it hides. */
export function origin({ layer, file, shadows }: EnvironmentVariable): string {
  const own = file ?? LAYERS[layer];
  if (shadows.length === 0) return own;
  const below = shadows.toReversed().map((shadow) => LAYERS[shadow]);
  return `${own}, over that of ${below.join(', ')}`;
}

/** Whether each word stands in what is shown of a variable. A secret can't be found by its value. */
export function matches(variable: EnvironmentVariable, words: string): boolean {
  const text = `${variable.name} ${hidden(variable)} ${origin(variable)}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Lines that any POSIX shell can evaluate, as `kinfra env --export` prints them: without those of which no value is known. */
export function exports(variables: EnvironmentVariable[]): string {
  const known = variables.filter(({ secrets = [] }) => secrets.length === 0);
  return known.map(({ name, value }) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`).join('');
}
