import { describe, expect, it } from 'vitest';
import { psState } from '../../../../src/engine/state/shown-state.ts';
import { ownIdentity } from '../../../../src/host/process.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();

describe('the state that is shown', () => {
  it('of a container that is to be started again has ended just now where its record is not written yet', () => {
    const record = {
      monitor: ownIdentity(),
      init: { pid: 0, startTime: 0 },
      started: 5,
      restarts: 1,
      restarting: 9,
    };
    const before = Date.now();
    const shown = psState(room.context, { row: containerRow(), status: { state: 'restarting', record } });
    expect(shown).toMatchObject({ name: 'restarting', startedAt: 5, exitCode: 0 });
    expect(shown.finishedAt).toBeGreaterThanOrEqual(before);
  });
});
