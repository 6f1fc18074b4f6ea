import { readFileSync, readlinkSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

/** Names below /proc/PID/ns, and the option that chooses. */
const OPTIONS = {
  net: '--network',
  pid: '--pid',
  ipc: '--ipc',
  uts: '--uts',
  cgroup: '--cgroupns',
} as const;
type Kind = keyof typeof OPTIONS;
const KINDS = Object.keys(OPTIONS) as Kind[];

/** What a container that runs to its end sees of its namespaces. */
async function seen(...options: string[]): Promise<Record<string, string>> {
  const script = 'for n in net pid ipc uts cgroup user time; do readlink /proc/self/ns/$n; done';
  const lines = await store.ok(['run', '--rm', ...options, busybox, 'sh', '-c', script]);
  return Object.fromEntries(lines.split('\n').map((line) => [line.split(':')[0] ?? '', line]));
}

const of = (pid: number | 'self', kind: string) => readlinkSync(`/proc/${pid}/ns/${kind}`);

async function pidOf(name: string): Promise<number> {
  const [container] = JSON.parse(await store.ok(['inspect', name]));
  return container.State.Pid;
}

async function startDonor(name: string, ...options: string[]): Promise<void> {
  await store.ok(['run', '-d', '--name', name, ...options, busybox, 'sleep', '1000']);
}

beforeAll(async () => {
  await startDonor('donor', '--ipc', 'shareable', '--hostname', 'lender', '--shm-size', '1m');
  await startDonor('reserved');
});

describe('the namespaces of a container', () => {
  it('are its own, save that of users and clocks, when nobody says', async () => {
    const own = await seen();
    for (const kind of KINDS) expect(own[kind]).not.toBe(of('self', kind));
    expect(own['user']).toBe(of('self', 'user'));
    expect(own['time']).toBe(of('self', 'time'));
  });

  it.each(KINDS)("are the host's one by one: %s", async (kind) => {
    const chosen = await seen(OPTIONS[kind], 'host');
    for (const each of KINDS) {
      if (each === kind) expect(chosen[each]).toBe(of('self', each));
      else expect(chosen[each]).not.toBe(of('self', each));
    }
  });

  it.each(KINDS)("are another container's one by one: %s", async (kind) => {
    const pid = await pidOf('donor');
    const chosen = await seen(OPTIONS[kind], 'container:donor');
    for (const each of KINDS) {
      if (each === kind) expect(chosen[each]).toBe(of(pid, each));
      else expect(chosen[each]).not.toBe(of(pid, each));
    }
  });

  it("are another container's all together, named by the digits of its id", async () => {
    const id = (await store.ok(['ps', '-q', '--no-trunc'])).split('\n').at(-1)?.slice(0, 12);
    const pid = await pidOf(id ?? '');
    const chosen = await seen(...KINDS.flatMap((kind) => [OPTIONS[kind], `container:${id}`]));
    for (const kind of KINDS) expect(chosen[kind]).toBe(of(pid, kind));
  });

  it('have clocks of their own with an offset', async () => {
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const command = ['sh', '-c', 'readlink /proc/self/ns/time; cat /proc/uptime'];
    const output = await store.ok(['run', '--rm', '--time-offset', 'boottime=86400', busybox, ...command]);
    const [time, clock = ''] = output.split('\n');
    expect(time).not.toBe(of('self', 'time'));
    expect(Number(clock.split(' ')[0])).toBeGreaterThan(uptime + 86_000);
  });
});

describe('a shared network', () => {
  it('comes with the host name and the files of whoever lends it', async () => {
    const command = ['sh', '-c', 'hostname; cat /etc/hostname; echo $HOSTNAME; echo mine >> /etc/hosts'];
    const output = await store.ok(['run', '--rm', '--network', 'container:donor', busybox, ...command]);
    expect(output).toBe('lender\nlender\nlender');
    const [donor] = JSON.parse(await store.ok(['inspect', 'donor']));
    expect(readFileSync(donor.HostsPath, 'utf8')).toContain('mine');
  });

  it('leads on to the container that has it of its own', async () => {
    await startDonor('borrower', '--network', 'container:donor');
    const command = ['cat', '/etc/hostname'];
    expect(await store.ok(['run', '--rm', '--network', 'container:borrower', busybox, ...command])).toBe(
      'lender',
    );
    const [donor, borrower] = JSON.parse(await store.ok(['inspect', 'donor', 'borrower']));
    expect(borrower.HostConfig.NetworkMode).toBe(`container:${donor.Id}`);
    expect(borrower.HostsPath).toBe(donor.HostsPath);
    expect(borrower.Config.Hostname).toBe('lender');
  });
});

describe('shared memory', () => {
  it('is that of the container whose ipc namespace is shared', async () => {
    const join = ['run', '--rm', '--ipc', 'container:donor', busybox, 'sh', '-c'];
    await store.ok([...join, 'echo shared > /dev/shm/file']);
    expect(
      await store.ok([...join, 'cat /dev/shm/file; df -k /dev/shm | tail -1 | awk "{print \\$2}"']),
    ).toBe('shared\n1024');
  });

  it('is not there with none', async () => {
    const { stdout } = await store.skiff([
      ...['run', '--rm', '--ipc', 'none', busybox],
      ...['sh', '-c', 'grep -c /dev/shm /proc/self/mountinfo'],
    ]);
    expect(stdout).toBe('0\n');
  });

  it('is kept from others unless it was made shareable', async () => {
    const { code, stderr } = await store.skiff([
      'run',
      '--rm',
      '--ipc',
      'container:reserved',
      busybox,
      'true',
    ]);
    expect(code).toBe(125);
    expect(stderr).toContain('container reserved has a non-shareable IPC namespace');
    expect(stderr).toContain('--ipc shareable');
  });
});

describe('names of one uts namespace', () => {
  it('are set in a new one', async () => {
    const options = ['--hostname', 'box', '--domainname', 'example.org'];
    const command = ['sh', '-c', 'hostname; cat /proc/sys/kernel/domainname'];
    expect(await store.ok(['run', '--rm', ...options, busybox, ...command])).toBe('box\nexample.org');
  });

  it('are those of the container that lends it', async () => {
    await startDonor('named', '--hostname', 'lender', '--domainname', 'example.org');
    const command = ['sh', '-c', 'hostname; echo $HOSTNAME; cat /proc/sys/kernel/domainname'];
    expect(await store.ok(['run', '--rm', '--uts', 'container:named', busybox, ...command])).toBe(
      'lender\nlender\nexample.org',
    );
  });
});
