import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { leftovers, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const MAPS = ['--uidmap', '0:100000:65536', '--gidmap', '0:100000:65536'];

/** Options that cannot be, and what is said of them. */
const REFUSED: [string[], RegExp][] = [
  [['--cap-add', 'FLYING'], /FLYING/],
  [['--security-opt', 'seccomp=/no/such/profile.json'], /\/no\/such\/profile\.json/],
  [['--security-opt', 'no-such-word=1'], /no-such-word/],
  [['--device', '/dev/no-such-device'], /no-such-device/],
  [['--device-cgroup-rule', 'x 1:3 rwm'], /x 1:3 rwm/],
  [['--sysctl', 'kernel.panic=1'], /kernel\.panic/],
  [['--network', 'host', '--sysctl', 'net.ipv4.ip_forward=1'], /net\.ipv4\.ip_forward/],
  [['--ulimit', 'flights=1'], /flights/],
  [['--oom-score-adj', '1001'], /1001/],
  [['--memory', '1k'], /minimum of 6MB/],
  [['--cpus', '1000'], /range of CPUs/],
  [['--cpuset-cpus', '4000'], /4000/],
  [['--tz', 'Nowhere/Land'], /unknown time zone "Nowhere\/Land"/],
  [['--stop-signal', 'SIGNOTHING'], /SIGNOTHING/],
  [['--tmpfs', '/x:no-such-option'], /no-such-option/],
  [['--workdir', 'relative'], /relative/],
  [['--pid', 'container:nobody'], /no such container: nobody/],
  [['--name', 'me', '--network', 'container:me'], /cannot join its own network namespace/],
  [['--uts', 'host', '--hostname', 'x'], /a host name cannot be given.*\n.*--hostname or --uts/],
  [['--uts', 'host', '--domainname', 'x'], /a domain name cannot be given.*\n.*--domainname or --uts/],
  [['--uidmap', '1:100000:10', '--gidmap', '1:100000:10'], /leave out id 0/],
  [['--uidmap', '0:1:10', '--uidmap', '5:100:10', '--gidmap', '0:1:10'], /overlap in the container/],
  [[...MAPS, '--privileged'], /privileged/],
  [[...MAPS, '--pid', 'host'], /pid namespace of the host/],
  [['--shm-size', '1m', '--ipc', 'none'], /\/dev\/shm/],
];

/** What the store keeps of this host, not of a container. */
const KNOWLEDGE = ['seccomp', 'idmapped-mounts'];

function everything(): string[] {
  return [...leftovers(store), ...readdirSync(store.root).filter((name) => !KNOWLEDGE.includes(name))].sort();
}

describe('a container that cannot be', () => {
  it.each(REFUSED)('is refused with %j, and nothing of it exists', async (options, message) => {
    const before = everything();
    const { code, stdout, stderr } = await store.skiff(['run', ...options, busybox, 'true']);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/internal|undefined|TypeError| at .*:\d+/);
    expect(everything()).toEqual(before);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('is refused with a profile that is none, named by its file', async () => {
    const before = leftovers(store);
    const file = join(store.root, 'profile.json');
    writeFileSync(file, '{"defaultAction": "SCMP_ACT_FLY"}');
    const { code, stderr } = await store.skiff(['run', '--security-opt', `seccomp=${file}`, busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('profile.json');
    expect(leftovers(store)).toEqual(before);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('is refused with what needs another container that has ended', async () => {
    await store.ok(['run', '--name', 'ended', busybox, 'true']);
    const before = leftovers(store);
    for (const option of ['--network', '--pid', '--ipc', '--uts', '--cgroupns', '--userns']) {
      const { code, stderr } = await store.skiff(['run', option, 'container:ended', busybox, 'true']);
      expect(code).toBe(125);
      expect(stderr).toContain('container ended: it is not running');
    }
    expect(leftovers(store)).toEqual(before);
    await store.ok(['rm', 'ended']);
  });
});
