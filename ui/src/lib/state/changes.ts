import type { ProjectState, ServiceChange, SettingChange } from '../rpc/rpc';

export interface ChangeWords {
  /** `api (run, env.LEVEL)`, `+ mail`, `− old` */
  text: string;
  /** Each setting with what was before. */
  title: string;
}

const MOST_SETTINGS = 3;

/** What isn't in effect: what the file says now, and what a start has taken up but no process was launched with. */
export function changeWords(project: ProjectState): ChangeWords[] {
  const words = project.changes.map(changed);
  const named = new Set(project.changes.map(({ service }) => service));
  const older = project.nodes.filter(({ name, changed }) => changed && !named.has(name));
  return [
    ...words,
    ...older.map(({ name }) => ({ text: name, title: `${name} runs with the settings of before` })),
  ];
}

function changed({ service, kind, settings }: ServiceChange): ChangeWords {
  if (kind === 'added') return { text: `+ ${service}`, title: `${service} is new` };
  if (kind === 'removed') return { text: `− ${service}`, title: `${service} is gone` };
  const keys = settings.map(({ key }) => key);
  const more = keys.length > MOST_SETTINGS ? ', …' : '';
  const shown = keys.slice(0, MOST_SETTINGS).join(', ') + more;
  return { text: shown ? `${service} (${shown})` : service, title: settings.map(line).join('\n') };
}

function line({ key, before, after }: SettingChange): string {
  return before === undefined && after === undefined
    ? `${key} differs`
    : `${key}: ${before ?? '–'} → ${after ?? '–'}`;
}
