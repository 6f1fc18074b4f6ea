import { describe, expect, it } from 'vitest';
import { checkAsMade, containerChanges } from '../../../../src/api/bodies/update.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';

/** Reads a body about a container of which inspect tells this. */
async function read(body: object, hostConfig?: Record<string, unknown>) {
  const request = new JsonObject(body);
  const changes = containerChanges(request);
  await checkAsMade(request, async () => {
    if (hostConfig === undefined) throw new Error('inspect was asked');
    return hostConfig;
  });
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

/** The members of Docker's Resources in its API 1.24 to 1.51 that change something, each with what becomes of it. */
const CHANGES = {
  Memory: [1, { memory: 1 }],
  MemoryReservation: [1, { memoryReservation: 1 }],
  MemorySwap: [-1, { memorySwap: -1 }],
  NanoCpus: [1, { nanoCpus: 1 }],
  NanoCPUs: [1, { nanoCpus: 1 }],
  CpuShares: [1, { cpuShares: 1 }],
  CpuPeriod: [1, { cpuPeriod: 1 }],
  CpuQuota: [-1, { cpuQuota: -1 }],
  CpusetCpus: ['0', { cpusetCpus: '0' }],
  CpusetMems: ['0', { cpusetMems: '0' }],
  PidsLimit: [1, { pidsLimit: 1 }],
  BlkioWeight: [1, { blkioWeight: 1 }],
  RestartPolicy: [{ Name: 'always' }, { restart: { name: 'always' } }],
} as const;

/** Those that a container keeps. */
const AS_MADE = {
  BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 10 }],
  BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1 }],
  BlkioDeviceWriteBps: [{ Path: '/dev/sda', Rate: 1 }],
  BlkioDeviceReadIOps: [{ Path: '/dev/sda', Rate: 1 }],
  BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 1 }],
  CgroupParent: '/team',
  Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' }],
  DeviceCgroupRules: ['c 1:* rwm'],
  DeviceRequests: [{ Driver: 'nvidia' }],
  Init: true,
  MemorySwappiness: 0,
  OomKillDisable: true,
  Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
};

const NOT_THERE = {
  CpuRealtimePeriod: 1,
  CpuRealtimeRuntime: 1,
  KernelMemory: 1,
  KernelMemoryTCP: 1,
  DiskQuota: 1,
  CpuCount: 1,
  CpuPercent: 1,
  IOMaximumIOps: 1,
  IOMaximumBandwidth: 1,
};

describe('a body that changes a container', () => {
  it.each(Object.entries(CHANGES))('changes %s', async (name, [value, changes]) => {
    expect(await read({ [name]: value })).toEqual(changes);
    await expect(read({ [name]: [] })).rejects.toThrow(new RegExp(name, 'i'));
  });

  it.each(Object.entries(AS_MADE))(
    'does not change %s, and may say what is so anyway',
    async (name, value) => {
      await expect(read({ [name]: value }, { [name]: null })).rejects.toMatchObject({
        kind: 'invalid',
        message: `${name}: update does not change it`,
      });
      expect(await read({ [name]: value }, { [name]: value })).toEqual({});
    },
  );

  it('says something by false, where it is so that it is true', async () => {
    expect(await read({ OomKillDisable: false, Init: false }, { OomKillDisable: false })).toEqual({});
    await expect(read({ OomKillDisable: false }, { OomKillDisable: true })).rejects.toThrow('OomKillDisable');
    await expect(read({ Init: false }, { Init: true })).rejects.toThrow('Init');
  });

  it.each(Object.entries(NOT_THERE))('has no %s', async (name, value) => {
    await expect(read({ [name]: value })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(`${name}: `),
    });
  });

  it('changes nothing where it says nothing, as that of the command line does', async () => {
    const names = [...Object.keys(CHANGES), ...Object.keys(AS_MADE), ...Object.keys(NOT_THERE)];
    expect(await read({})).toEqual({});
    expect(await read(Object.fromEntries(names.map((name) => [name, null])))).toEqual({});
    const RestartPolicy = { Name: '', MaximumRetryCount: 0 };
    const zeros = { Memory: 0, CpuQuota: 0, CpuCount: 0, CpusetCpus: '', CgroupParent: '', Devices: [] };
    const unlimited = { KernelMemory: -1, KernelMemoryTCP: -1, MemorySwappiness: -1 };
    expect(await read({ ...zeros, ...unlimited, RestartPolicy })).toEqual({});
  });

  it('takes the limit of processes away by 0, too', async () => {
    expect(await read({ PidsLimit: 0 })).toEqual({ pidsLimit: -1 });
    expect(await read({ PidsLimit: null })).toEqual({});
  });

  it('has a policy with its number, also where that is for another one', async () => {
    const RestartPolicy = { Name: 'no', MaximumRetryCount: 3 };
    expect(await read({ RestartPolicy })).toEqual({ restart: { name: 'no', maximum: 3 } });
  });
});
