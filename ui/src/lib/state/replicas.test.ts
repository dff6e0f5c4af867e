import { describe, expect, it } from 'vitest';

import type { NodeState } from '../rpc/rpc';
import { address, addressIn, serviceOf } from './replicas';

function node(name: string, replica?: NodeState['replica']): NodeState {
  const rest = {
    kind: 'service',
    wanted: 'running',
    phase: 'running',
    health: 'healthy',
    detail: '',
  } as const;
  const lists = { depends_on: [], waits_for: [], last_lines: [] };
  const none = { adopted: false, restarts: 0, changed: false, optional: false };
  return { name, ...rest, ...lists, ...none, ...(replica && { replica }) };
}

describe('a replica', () => {
  const first = node('web', { of: 'web', number: 1 });
  const second = node('web.2', { of: 'web', number: 2 });
  const alone = node('db');

  it('is named by its number, and what is alone by its name', () => {
    expect([first, second, alone].map(address)).toEqual(['web.1', 'web.2', 'db']);
    expect([first, second, alone].map(serviceOf)).toEqual(['web', 'web', 'db']);
  });

  it('is found by the name of its row', () => {
    expect(addressIn([first, second], 'web')).toBe('web.1');
    expect(addressIn([first, second], 'gone')).toBe('gone');
  });
});
