import { describe, expect, it } from 'vitest';
import { changedLimits, mergeResources, updateContainer } from '../../../../src/engine/lifecycle/update.ts';
import type { RestartPolicy } from '../../../../src/engine/options/create.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();
const MIB = 1024 * 1024;

describe('changes of limits', () => {
  it('keep what is not named, and what is zero or empty', () => {
    expect(
      mergeResources(
        { memory: 64 * MIB, cpuShares: 5 },
        { cpuShares: 7, memory: 0, cpusetCpus: '', pidsLimit: undefined },
      ),
    ).toEqual({ memory: 64 * MIB, cpuShares: 7 });
  });

  it('keep the limit of memory and swap that Docker settled when the container was made', () => {
    expect(mergeResources({ memory: 64 * MIB }, { memory: 100 * MIB })).toEqual({
      memory: 100 * MIB,
      memorySwap: 128 * MIB,
    });
    expect(mergeResources({ memory: 64 * MIB, memorySwap: -1 }, { memory: 900 * MIB }).memorySwap).toBe(-1);
  });

  it.each([
    [{ memory: 64 * MIB }, { memory: 129 * MIB }, 'above that of memory and swap together'],
    [{}, { memory: 64 * MIB }, 'which has none yet'],
    [{ nanoCpus: 1e9 }, { cpuPeriod: 5000 }, 'the CPU period cannot be changed, as the number of CPUs'],
    [{ cpuQuota: 5000 }, { nanoCpus: 1e9 }, 'the number of CPUs cannot be changed, as the CPU quota'],
  ])('are refused: %j with %j', (current, changes, message) => {
    expect(() => mergeResources(current, changes)).toThrow(
      expect.objectContaining({ kind: 'conflict', message: expect.stringContaining(message) }),
    );
  });

  it('change nothing where none is given', () => {
    const limits = { cpuQuota: 5000, memory: 64 * MIB };
    expect(mergeResources(limits, { nanoCpus: 0 })).toEqual(limits);
    expect(changedLimits({ cpu: { quota: 5000 } }, { nanoCpus: 0 })).toEqual({});
  });

  it('touch only their own files, with what the kernel keeps in the same one', () => {
    const limits = {
      memory: { limit: 1, swap: 2, reservation: 3 },
      cpu: { quota: 4, period: 5, shares: 6, cpus: '0' },
      pids: { limit: 7 },
      blockIO: { weight: 8, throttleReadBpsDevice: [] },
    };
    expect(changedLimits(limits, { memory: 1 })).toEqual({ memory: { limit: 1, swap: 2 } });
    expect(changedLimits(limits, { cpuPeriod: 5 })).toEqual({ cpu: { quota: 4, period: 5 } });
    expect(changedLimits(limits, { cpusetCpus: '0', blkioWeight: 8 })).toEqual({
      cpu: { cpus: '0' },
      blockIO: { weight: 8 },
    });
  });

  it('tell the kernel when there is no limit any more', () => {
    expect(changedLimits({}, { pidsLimit: -1, cpuQuota: -1 })).toEqual({
      pids: { limit: -1 },
      cpu: { quota: -1 },
    });
  });
});

describe('another restart policy', () => {
  it.each<[RestartPolicy, { kind: string; message: string }]>([
    [
      { name: 'always' },
      {
        kind: 'conflict',
        message: 'container name cannot have a restart policy: it is removed when it ends',
      },
    ],
    [
      { name: 'always', maximum: 3 },
      { kind: 'invalid', message: 'the restart policy always takes no number of attempts' },
    ],
  ])('is refused by the rules of a new container: %j', async (restart, expected) => {
    const row = containerRow({ autoRemove: true });
    await expect(updateContainer(room.context, row, { restart })).rejects.toMatchObject(expected);
  });
});
