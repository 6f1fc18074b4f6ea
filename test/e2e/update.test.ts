import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCgroupLayout } from '../../src/runtime/cgroup/layout.ts';
import { findCgroup, monitorPathOf } from '../../src/runtime/cgroup/paths.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { isV1, kernelValue } from '../helpers/cgroups.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const MIB = 1024 * 1024;
const MEMORY = { controller: 'memory', v1: 'memory.limit_in_bytes', v2: 'memory.max' } as const;
const SWAP = { controller: 'memory', v1: 'memory.memsw.limit_in_bytes', v2: 'memory.swap.max' } as const;
const PIDS = { controller: 'pids', v1: 'pids.max', v2: 'pids.max' } as const;
const SHARES = { controller: 'cpu', v1: 'cpu.shares', v2: 'cpu.weight' } as const;

/** Starts a container that waits, and returns its id. */
async function start(options: string[], ...command: string[]): Promise<string> {
  const argv = command.length > 0 ? command : ['sleep', '600'];
  const id = await store.ok(['run', '-d', ...options, busybox, ...argv]);
  onTestFinished(async () => {
    await store.ok(['rm', '-f', id]);
  });
  return id;
}

async function hostConfig(id: string): Promise<Record<string, unknown>> {
  return JSON.parse(await store.ok(['inspect', id]))[0].HostConfig;
}

describe('update', () => {
  it('gives a running container more memory, then less, with swap in the order that the kernel wants', async () => {
    const id = await start(['-m', '64m']);
    const swapOf = (memory: number, both: number) => String((isV1('memory') ? both : both - memory) * MIB);
    for (const [memory, both] of [
      [300, 600],
      [32, 48],
    ] as const) {
      await store.ok(['update', '-m', `${memory}m`, '--memory-swap', `${both}m`, id]);
      expect(kernelValue(`/skiff-${id}`, MEMORY)).toBe(String(memory * MIB));
      expect(kernelValue(`/skiff-${id}`, SWAP)).toBe(swapOf(memory, both));
      expect(await hostConfig(id)).toMatchObject({ Memory: memory * MIB, MemorySwap: both * MIB });
    }
  });

  it('changes CPUs, processes and sets of several containers, and keeps what is not named', async () => {
    const ids = [await start(['-m', '64m']), await start(['-m', '65m'])];
    const changes = ['--cpus', '0.5', '--cpu-shares', '512', '--pids-limit', '44', '--cpuset-cpus', '0'];
    expect(await store.ok(['update', ...changes, ...ids])).toBe(ids.join('\n'));
    for (const id of ids) {
      const path = `/skiff-${id}`;
      expect(kernelValue(path, SHARES)).toBe(isV1('cpu') ? '512' : '59');
      expect(kernelValue(path, PIDS)).toBe('44');
      expect(kernelValue(path, { controller: 'cpuset', v1: 'cpuset.cpus', v2: 'cpuset.cpus' })).toBe('0');
      expect(kernelValue(path, { controller: 'cpu', v1: 'cpu.cfs_quota_us', v2: 'cpu.max' })).toMatch(
        /^50000\b/,
      );
    }
    expect(kernelValue(`/skiff-${ids[1]}`, MEMORY)).toBe(String(65 * MIB));
    expect(await hostConfig(ids[1] ?? '')).toMatchObject({
      Memory: 65 * MIB,
      NanoCpus: 5e8,
      CpuShares: 512,
      PidsLimit: 44,
      CpusetCpus: '0',
    });
  });

  it('changes limits of CPU for the monitor as well, and those of memory and processes for the container alone', async () => {
    const id = await start(['--cpu-shares', '300', '--pids-limit', '20']);
    await store.ok(['update', '--cpu-shares', '512', '--pids-limit', '44', id]);
    for (const path of [`/skiff-${id}`, monitorPathOf(`/skiff-${id}`)])
      expect(kernelValue(path, SHARES)).toBe(isV1('cpu') ? '512' : '59');
    expect(kernelValue(`/skiff-${id}`, PIDS)).toBe('44');
  });

  it('holds at once for the monitor and holders of exec of a container that was started without limits', async () => {
    const id = await start([]);
    await store.ok(['exec', '-d', id, 'sleep', '600']);
    await store.ok(['exec', id, 'sh', '-c', 'sleep 600 &']);
    await store.ok(['update', '--cpus', '0.1', id]);
    await store.ok(['update', '--cpuset-cpus', '0', id]);
    await store.ok(['exec', '-d', id, 'sleep', '600']);
    const runDir = join(store.runRoot, id);
    const texts = readdirSync(join(runDir, 'exec'))
      .filter((name) => name.endsWith('.state'))
      .map((name) => readFileSync(join(runDir, 'exec', name), 'utf8'));
    const pids = [readFileSync(join(runDir, 'state'), 'utf8'), ...texts].map(
      (text) => /^(?:monitor|holder) (\d+)/m.exec(text)?.[1],
    );
    expect(pids).toHaveLength(4);
    const path = monitorPathOf(`/skiff-${id}`);
    const layout = readCgroupLayout();
    for (const controller of ['cpu', 'cpuset'] as const) {
      const members = readFileSync(`${findCgroup(layout, path, controller)?.path}/cgroup.procs`, 'utf8');
      expect(members.split('\n')).toEqual(expect.arrayContaining(pids));
    }
    const quota = { controller: 'cpu', v1: 'cpu.cfs_quota_us', v2: 'cpu.max' } as const;
    expect(kernelValue(path, quota)).toMatch(/^10000\b/);
    await store.ok(['rm', '-f', id]);
    for (const controller of ['cpu', 'cpuset'] as const)
      expect(existsSync(findCgroup(layout, path, controller)?.path ?? '')).toBe(false);
  });

  it('lifts limits with -1', async () => {
    const id = await start(['--pids-limit', '20', '--cpu-quota', '50000']);
    await store.ok(['update', '--pids-limit', '-1', '--cpu-quota', '-1', id]);
    expect(kernelValue(`/skiff-${id}`, PIDS)).toBe('max');
    const quota = kernelValue(`/skiff-${id}`, { controller: 'cpu', v1: 'cpu.cfs_quota_us', v2: 'cpu.max' });
    expect(quota).toMatch(/^(-1$|max )/);
  });

  it('changes what does not run in the row alone', async () => {
    const id = await store.ok(['run', '-d', busybox, 'true']);
    await store.ok(['wait', id]);
    await store.ok(['update', '--cpu-shares', '300', id]);
    expect(await hostConfig(id)).toMatchObject({ CpuShares: 300 });
  });

  it.each<[string[], number, string]>([
    [
      ['-m', '300m'],
      1,
      'the memory limit of 314572800 bytes is above that of memory and swap together, 134217728',
    ],
    [['-m', '1m', '--memory-swap', '2m'], 125, 'below the minimum of 6MB'],
    [
      ['--cpu-quota', '20000'],
      1,
      'the CPU quota cannot be changed, as the number of CPUs has been set already',
    ],
    [['--cpuset-cpus', '4000'], 125, 'CPUs 4000 are not available'],
    [[], 125, 'nothing to update'],
  ])('refuses %j and changes nothing, not even what else was asked', async (options, exitCode, message) => {
    const id = await start(['-m', '64m', '--cpus', '0.5', '--pids-limit', '20']);
    const others = options.length === 0 ? [] : ['--pids-limit', '30'];
    const { code, stderr } = await store.skiff(['update', ...options, ...others, id]);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(message);
    expect(kernelValue(`/skiff-${id}`, PIDS)).toBe('20');
    expect(kernelValue(`/skiff-${id}`, MEMORY)).toBe(String(64 * MIB));
    expect(await hostConfig(id)).toMatchObject({ PidsLimit: 20, Memory: 64 * MIB });
  });

  it.runIf(isV1('memory'))('puts everything back when the kernel refuses what is in use', async () => {
    // What lies on a tmpfs has no other place: nothing can reclaim it without swap.
    const script = 'dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>/dev/null; echo ready; sleep 600';
    const id = await start(
      ['-m', '200m', '--memory-swap', '200m', '--cpu-shares', '300'],
      'sh',
      '-c',
      script,
    );
    const log = store.start(['logs', '-f', id]);
    await printed(log, 'ready');
    const refused = await store.skiff([
      'update',
      '--cpu-shares',
      '400',
      '-m',
      '8m',
      '--memory-swap',
      '8m',
      id,
    ]);
    expect(refused.stderr).toMatch(
      /the kernel refuses "8388608" for memory.limit_in_bytes.*bytes are in use/,
    );
    expect(refused.code).toBe(1);
    expect(kernelValue(`/skiff-${id}`, MEMORY)).toBe(String(200 * MIB));
    expect(kernelValue(`/skiff-${id}`, SHARES)).toBe('300');
    expect(await hostConfig(id)).toMatchObject({ Memory: 200 * MIB, CpuShares: 300 });
    log.kill();
    await log;
  });

  it('changes the restart policy, and refuses one that there is not', async () => {
    const id = await store.ok(['create', '--restart', 'always', busybox]);
    const policy = async () => JSON.parse(await store.ok(['inspect', id]))[0].HostConfig.RestartPolicy;
    expect(await store.ok(['update', '--restart', 'on-failure:3', id])).toBe(id);
    expect(await policy()).toEqual({ Name: 'on-failure', MaximumRetryCount: 3 });
    await store.ok(['update', '--restart', 'no', id]);
    expect(await policy()).toMatchObject({ Name: 'no' });
    const { code, stderr } = await store.skiff(['update', '--restart', 'sometimes', id]);
    expect({ code, stderr }).toEqual({ code: 125, stderr: expect.stringContaining('sometimes') });
  });

  it('gives a container that runs another restart policy, which its very next end obeys', async () => {
    const script =
      'echo x >> /n; [ $(wc -l < /n) = 3 ] && exec sleep 1000; while [ ! -e /go ]; do sleep 0.02; done; rm /go; exit 3';
    const id = await start(['--name', 'changing'], 'sh', '-c', script);
    await store.ok(['update', '--restart', 'on-failure:1', id]);
    const status = ['inspect', '--format', '{{.State.Status}} {{.RestartCount}}', id];
    // The container may end before the one that has touched the file.
    await store.skiff(['exec', id, 'touch', '/go']);
    while ((await store.ok(status)) !== 'running 1');
    await store.ok(['update', '--restart', 'no', id]);
    await store.skiff(['exec', id, 'touch', '/go']);
    expect(await store.ok(['wait', id])).toBe('3');
    expect(await store.ok(status)).toBe('exited 1');
  });

  it('changes the limits of a container that waits to be started again', async () => {
    const id = await start(['--restart', 'always', '--pids-limit', '20'], 'sh', '-c', 'exit 3');
    const status = ['inspect', '--format', '{{.State.Status}} {{.RestartCount}}', id];
    while (!/^restarting [4-9]$/.test(await store.ok(status)));
    await store.ok(['update', '--pids-limit', '30', id]);
    expect(kernelValue(`/skiff-${id}`, PIDS)).toBe('30');
  });

  it('names a container that does not exist and goes on with the others', async () => {
    const id = await start([]);
    const { code, stdout, stderr } = await store.skiff(['update', '--cpu-shares', '300', 'nobody', id]);
    expect(code).toBe(1);
    expect(stderr).toContain('no such container: nobody');
    expect(stdout).toBe(`${id}\n`);
  });
});
