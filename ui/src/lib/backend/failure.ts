import type { Failure } from '../rpc/rpc';

/** What a rejected call carries, as a `Failure`: what the backend itself throws is one already. */
export function toFailure(error: unknown): Failure {
  if (isFailure(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { problems: [{ code: 'internal', message }] };
}

function isFailure(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && 'problems' in error && Array.isArray(error.problems);
}
