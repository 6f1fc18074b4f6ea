import { describe, expect, it } from 'vitest';
import { inspectContainer } from '../../../../src/engine/inspect/container.ts';
import type { CreateOptions } from '../../../../src/engine/options/create.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();

interface Inspected {
  HostConfig: Record<string, unknown>;
  Config: Record<string, unknown>;
}

/** As a script reads it: what Go leaves out of the JSON is not there. */
async function inspect(changes: Partial<CreateOptions>): Promise<Inspected> {
  const plain = containerRow();
  const row = containerRow({ options: { ...plain.options, ...changes } });
  const object = await inspectContainer(room.context, { row, status: { state: 'created' } });
  return JSON.parse(JSON.stringify(object));
}

describe('inspect', () => {
  it('shows the defaults as Docker does', async () => {
    const { HostConfig, Config } = await inspect({});
    expect(HostConfig).toMatchObject({
      CapAdd: null,
      CapDrop: null,
      SecurityOpt: null,
      PidMode: '',
      IpcMode: 'private',
      UTSMode: '',
      UsernsMode: '',
      CgroupnsMode: 'private',
      Privileged: false,
      Devices: [],
      DeviceCgroupRules: null,
      GroupAdd: null,
      OomScoreAdj: 0,
      ShmSize: 67_108_864,
      Memory: 0,
      MemorySwap: 0,
      MemorySwappiness: null,
      PidsLimit: null,
      CgroupParent: '',
      Runtime: 'skiff',
    });
    for (const absent of ['StorageOpt', 'Tmpfs', 'Sysctls', 'Init'])
      expect(HostConfig).not.toHaveProperty(absent);
    expect(Config).not.toHaveProperty('StopTimeout');
    expect(Config['Domainname']).toBe('');
  });

  it("shows what was asked for under Docker's names and in its units", async () => {
    const { HostConfig, Config } = await inspect({
      process: {
        command: [],
        env: [],
        stdin: false,
        groups: ['audio'],
        init: true,
        oomScoreAdj: 5,
        rlimits: [{ name: 'nofile', soft: 1, hard: 2 }],
      },
      namespaces: {
        network: 'host',
        pid: 'host',
        ipc: 'none',
        uts: { container: 'abc' },
        user: 'auto',
        domainname: 'd',
      },
      security: {
        capAdd: ['net_admin', 'CAP_CHOWN', 'all'],
        noNewPrivileges: true,
        seccomp: { profile: '{}', source: '/p.json' },
        sysctls: { 'net.x': '1' },
      },
      devices: { devices: [{ host: '/dev/a', container: '/dev/b', access: 'r' }], cgroupRules: ['c 1:3 r'] },
      files: {
        readOnly: true,
        readOnlyTmpfs: true,
        tmpfs: [{ path: '/t', options: ['size=1m'] }],
        shmSize: 4096,
        storageSize: 10_485_760,
      },
      mounts: [{ type: 'tmpfs', target: '/tmp', size: 1 }],
      resources: {
        memory: 1000,
        readBps: [{ path: '/dev/x', amount: 7 }],
        blkioWeightDevices: [{ path: '/dev/y', amount: 10 }],
      },
      stop: { signal: 'SIGINT', timeoutMs: 3000 },
    });
    expect(HostConfig).toMatchObject({
      NetworkMode: 'host',
      PidMode: 'host',
      IpcMode: 'none',
      UTSMode: 'container:abc',
      UsernsMode: 'auto',
      CapAdd: ['CAP_NET_ADMIN', 'CAP_CHOWN', 'ALL'],
      SecurityOpt: ['no-new-privileges', 'seccomp={}'],
      Sysctls: { 'net.x': '1' },
      Init: true,
      GroupAdd: ['audio'],
      OomScoreAdj: 5,
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      Devices: [{ PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'r' }],
      DeviceCgroupRules: ['c 1:3 r'],
      ReadonlyRootfs: true,
      Tmpfs: { '/t': 'size=1m', '/run': 'exec', '/var/tmp': 'exec' },
      ShmSize: 4096,
      StorageOpt: { size: '10485760' },
      Memory: 1000,
      MemorySwap: 2000,
      BlkioDeviceReadBps: [{ Path: '/dev/x', Rate: 7 }],
      BlkioWeightDevice: [{ Path: '/dev/y', Weight: 10 }],
    });
    expect(Config).toMatchObject({ Domainname: 'd', StopSignal: 'SIGINT', StopTimeout: 3 });
  });
});
