import type { FormerTunnel, MigratedProject, MigratedService, MigrationPlan, PortStep } from '../rpc/rpc';
import type { Look } from '../state/status';

interface StepWords {
  look: Look;
  text: string;
}

const STEPS: Record<PortStep, StepWords> = {
  keep: { look: 'idle', text: 'is kept' },
  adopt: { look: 'healthy', text: 'is left to the old server, which runs on' },
  settled: { look: 'idle', text: 'is its own already' },
  conflict: { look: 'failed', text: 'can’t be had' },
  other: { look: 'degraded', text: 'stays unused' },
  choose: { look: 'idle', text: 'one is chosen' },
};

/** What becomes of a service's port, in a line. */
export function stepWords({ step, detail, pid }: MigratedService): StepWords {
  const moved = { look: 'idle' as const, text: 'is moved over already' };
  const { look, text } = step === 'settled' && detail !== undefined ? moved : STEPS[step];
  const who = pid === undefined ? '' : ` (pid ${pid})`;
  return { look, text: `${text}${who}${detail === undefined ? '' : `: ${detail}`}` };
}

/** What becomes of the cloudflared that runs a tunnel now. */
export function connectorWords({ tunnel, pid, connector }: FormerTunnel): string {
  const who = `cloudflared (pid ${pid}) runs it`;
  return connector === 'know' || connector === 'known'
    ? `${who}, and goes on. Once KInfra’s own serves its names, kinfra tunnels retire ${tunnel} ends it.`
    : `${who}, and is not known to be the library’s own: it is left alone, also later.`;
}

/** Where the project is. */
export function placeWords(
  { generated, folder }: MigratedProject,
  shown: (folder: string) => string,
): string {
  return generated ? 'in calls of Python' : shown(folder);
}

/** What there is to be moved over: `7 ports of 4 projects`. */
export function offerWords({ projects }: MigrationPlan): string {
  const moved = projects.filter(({ obstacle }) => obstacle === undefined);
  const ports = moved.flatMap(({ services }) =>
    services.filter(({ step }) => step === 'keep' || step === 'adopt'),
  );
  return `${count(ports.length, 'port')} of ${count(moved.length, 'project')}`;
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
