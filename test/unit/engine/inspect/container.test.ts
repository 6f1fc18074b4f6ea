import { describe, expect, it } from 'vitest';
import { inspectContainer } from '../../../../src/engine/inspect/container.ts';
import type { CreateOptions } from '../../../../src/engine/options/create.ts';
import { WITHOUT_LINKS } from '../../../../src/engine/options/network.ts';
import type { Settled } from '../../../../src/engine/state/observe.ts';
import { ownIdentity } from '../../../../src/host/process.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

interface Inspected {
  HostConfig: Record<string, unknown>;
  Config: Record<string, unknown>;
  NetworkSettings: Record<string, unknown> & { Networks: Record<string, Record<string, unknown>> };
}

const RUNNING: Settled = {
  state: 'running',
  record: { monitor: ownIdentity(), init: { pid: 42, startTime: 1 }, started: 1, restarts: 0 },
};

/** As a script reads it: what Go leaves out of the JSON is not there. */
async function inspect(
  changes: Partial<CreateOptions>,
  status: Settled = { state: 'created' },
): Promise<Inspected> {
  const plain = containerRow();
  const row = containerRow({ options: { ...plain.options, ...changes } });
  const object = await inspectContainer(room.context, { row, status });
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

  it.each(['none', 'host'] as const)(
    'shows the network %s by its id, and the place on it while it runs',
    async (network) => {
      const known = WITHOUT_LINKS.find(({ name }) => name === network);
      const { NetworkSettings: created, HostConfig } = await inspect({ namespaces: { network } });
      expect(HostConfig['NetworkMode']).toBe(network);
      expect(created).toMatchObject({ SandboxID: '', SandboxKey: '', Ports: {} });
      expect(created.Networks[network]).toMatchObject({
        NetworkID: known?.id,
        EndpointID: '',
        Aliases: null,
      });
      const running = (await inspect({ namespaces: { network } }, RUNNING)).NetworkSettings;
      expect(running).toMatchObject({ SandboxID: ID, SandboxKey: '/proc/42/ns/net' });
      expect(running.Networks[network]?.['EndpointID']).toMatch(/^[0-9a-f]{64}$/);
      expect(running.Networks[network]?.['EndpointID']).not.toBe(known?.id);
    },
  );

  it('shows no network namespace of its own in that of another container', async () => {
    const { NetworkSettings } = await inspect({ namespaces: { network: { container: ID } } }, RUNNING);
    expect(NetworkSettings).toMatchObject({ SandboxID: '', SandboxKey: '', Networks: {} });
  });

  it('shows the shell that was asked for, and only that', async () => {
    expect((await inspect({ shell: ['/bin/ash', '-c'] })).Config['Shell']).toEqual(['/bin/ash', '-c']);
    expect((await inspect({})).Config).not.toHaveProperty('Shell');
  });

  it('tells an entrypoint that was emptied from one that nobody gave', async () => {
    const process = { command: ['true'], env: [], stdin: false };
    const { Config } = await inspect({ process: { ...process, entrypoint: [], keepsCommand: true } });
    expect(Config['Entrypoint']).toEqual([]);
    expect((await inspect({ process: { ...process, entrypoint: [] } })).Config['Entrypoint']).toBeNull();
  });

  it('shows the MAC address that was asked for, and an amount of processes only where it is limited', async () => {
    const attachment = { network: 'f'.repeat(64), mac: '02:42:ac:11:00:09' };
    const network = { attachments: [attachment], publish: [] };
    const { Config } = await inspect({ namespaces: { network: 'none' }, network });
    expect(Config['MacAddress']).toBe('02:42:ac:11:00:09');
    expect((await inspect({})).Config).not.toHaveProperty('MacAddress');
    expect((await inspect({ resources: { pidsLimit: -1 } })).HostConfig['PidsLimit']).toBeNull();
    expect((await inspect({ resources: { pidsLimit: 9 } })).HostConfig['PidsLimit']).toBe(9);
  });

  it('shows that a privileged container has nothing hidden by null, and anybody else by a list', async () => {
    const hidden = { MaskedPaths: null, ReadonlyPaths: null };
    expect((await inspect({ security: { privileged: true } })).HostConfig).toMatchObject(hidden);
    expect((await inspect({})).HostConfig).toMatchObject({ MaskedPaths: [], ReadonlyPaths: [] });
  });
});
