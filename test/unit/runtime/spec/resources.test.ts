import { describe, expect, it } from 'vitest';
import type { ResourceOptions } from '../../../../src/runtime/options.ts';
import { deviceNumbers, RESOURCE_HOST } from '../../../../src/runtime/spec/resource-host.ts';
import { linuxResources } from '../../../../src/runtime/spec/resources.ts';

const MIB = 1024 * 1024;

const HOST = {
  onlineCpus: () => '0-3\n',
  memoryNodes: () => '0\n',
  blockDevice: () => ({ major: 8, minor: 0 }),
};

/** Asking about a host is for those who want something limited. */
const UNASKED = new Proxy(HOST, {
  get: (_, name) => () => {
    throw new Error(`asked for ${String(name)}`);
  },
});

const resources = (options: ResourceOptions) => linuxResources(options, () => 4, HOST);

describe('resources', () => {
  it('of a container without limits are none, and nothing is asked', () => {
    const cpus = () => {
      throw new Error('asked for CPUs');
    };
    const nothing: ResourceOptions = { memory: undefined, nanoCpus: 0, pidsLimit: -1, cpusetCpus: '' };
    expect(linuxResources(nothing, cpus, UNASKED)).toEqual({});
  });

  it('have Docker’s arithmetic', () => {
    expect(resources({ memory: 64 * MIB })).toEqual({ memory: { limit: 64 * MIB, swap: 128 * MIB } });
    expect(resources({ memory: 64 * MIB, memorySwap: -1 }).memory?.swap).toBe(-1);
    expect(resources({ memorySwap: -1 })).toEqual({});
    expect(resources({ nanoCpus: 1.5e9 })).toEqual({ cpu: { quota: 150_000, period: 100_000 } });
    expect(resources({ cpuQuota: -1 })).toEqual({});
    expect(resources({ memorySwappiness: 0, oomKillDisable: true })).toEqual({
      memory: { swappiness: 0, disableOOMKiller: true },
    });
    expect(resources({ memorySwappiness: -1, oomKillDisable: false })).toEqual({});
  });

  it('name devices by their numbers', () => {
    const amount = (rate: number) => [{ path: '/dev/sda', amount: rate }];
    const options: ResourceOptions = {
      blkioWeight: 10,
      blkioWeightDevices: amount(1000),
      readBps: amount(1),
      writeBps: amount(2),
      readIops: amount(3),
      writeIops: amount(0),
    };
    const rate = (value: number) => [{ major: 8, minor: 0, rate: value }];
    expect(resources(options).blockIO).toEqual({
      weight: 10,
      weightDevice: [{ major: 8, minor: 0, weight: 1000 }],
      throttleReadBpsDevice: rate(1),
      throttleWriteBpsDevice: rate(2),
      throttleReadIOPSDevice: rate(3),
      throttleWriteIOPSDevice: rate(0),
    });
  });

  it.each<[ResourceOptions, string]>([
    [{ memory: 6 * MIB - 1 }, 'below the minimum of 6MB'],
    [{ memory: -5 }, 'below the minimum of 6MB'],
    [{ memorySwap: -2 }, '-2 is no limit of memory and swap'],
    [{ memorySwappiness: -2 }, 'swappiness of -2'],
    [{ cpuPeriod: 1_000_001 }, 'period of 1000001'],
    [{ cpuShares: -1 }, '-1 CPU shares'],
    [{ nanoCpus: 1e6 }, 'range of CPUs is from 0.01 to 4.00'],
    [{ cpusetCpus: '0-4' }, 'CPUs 4 are not available: this host has 0-3'],
    [{ cpusetCpus: '1,,2' }, '"1,,2" is not a list of CPUs'],
    [{ cpusetCpus: '0-99999999' }, 'is not a list of CPUs'],
    [{ cpusetMems: '1' }, 'memory nodes 1 are not available: this host has 0'],
    [{ blkioWeight: 1001 }, 'weight of 1001'],
    [{ blkioWeightDevices: [{ path: '/dev/sda', amount: 9 }] }, 'weight of 9'],
  ])('refuse %j', (options, message) => {
    expect(() => resources(options)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});

describe('a device of this host', () => {
  it('is refused by its name when it is none', () => {
    expect(() => RESOURCE_HOST.blockDevice('/dev/null')).toThrow('/dev/null is not a block device');
    expect(() => RESOURCE_HOST.blockDevice('/dev/none')).toThrow('there is no device /dev/none');
    expect(() => RESOURCE_HOST.blockDevice('/dev/null/x')).toThrow('not a directory: /dev/null/x');
  });

  it.each([
    [0x0801, 8, 1],
    [0x10fe00, 254, 256],
  ])('has the numbers of makedev(3) (%i)', (rdev, major, minor) => {
    expect(deviceNumbers(rdev)).toEqual({ major, minor });
  });
});
