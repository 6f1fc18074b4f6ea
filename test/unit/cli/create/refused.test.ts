import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exitCodeOf } from '../../../../src/cli/command/exit-code.ts';
import { renderError } from '../../../../src/cli/output/error.ts';
import { prepareContainer } from '../../../../src/engine/prepare/container.ts';
import { allContainers, insertContainer } from '../../../../src/engine/store/containers.ts';
import type { ImageRow } from '../../../../src/engine/store/images.ts';
import { setAssets } from '../../../../src/host/assets.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { containerRow, useContext } from '../../engine/fixtures.ts';
import { optionsOf } from '../options-of.ts';

/**
 * The way of `create` and `run` from the words of the command line to where nothing can be refused any more and nothing
 * has been made yet. That the commands go this way is in test/e2e/refusals.
 */

const room = useContext(undefined, [beforeAll, afterAll]);

beforeEach(() => {
  setAssets({ helper: 'no helper', hello: 'no hello', seccomp: { revision: 'test' } });
  vi.stubEnv('SKIFF_NETWORK', 'none');
  return () => vi.unstubAllEnvs();
});

/** An image without layers, whose directories nobody looks at before a container is made. */
const IMAGE: ImageRow = {
  id: digestOf('image'),
  config: JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Cmd: ['true'] }, rootfs: {} }),
  layers: [],
  size: 0,
  createdAt: 0,
};

/** What `skiff run` says of these options, and its exit code. */
async function refusal(...args: string[]): Promise<{ said: string; code: number }> {
  try {
    await prepareContainer(room.context, await optionsOf(...args), IMAGE);
  } catch (error) {
    return {
      said: renderError(error, { debug: false, colour: false }),
      code: exitCodeOf(error, 'run'),
    };
  }
  throw new Error(`not refused: ${args.join(' ')}`);
}

/** What there is in the store and the runtime root, without what is kept of this host for all containers. */
function everything(): string[] {
  return (readdirSync(room.directory, { recursive: true }) as string[])
    .filter((path) => !/^(seccomp|idmapped-mounts)(\/|$)/.test(path))
    .sort();
}

const MAPS = ['--uidmap', '0:100000:65536', '--gidmap', '0:100000:65536'];

describe('a container is refused, and nothing of it exists,', () => {
  it.each<[string[], string | RegExp]>([
    // Process
    [['--umask', '999'], '999'],
    [['--umask', '1777'], '1777'],
    [['--group-add', ''], 'group'],
    [['--init', '--init-path', '/no/such/init'], '/no/such/init cannot be the init: it does not exist'],
    [['--init', '--init-path', '/etc'], '/etc cannot be the init: it is no file'],
    [['--tz', 'Nowhere/Land'], 'unknown time zone "Nowhere/Land"'],
    [['--tz', '../../etc/passwd'], '../../etc/passwd'],
    [['--oom-score-adj', '1001'], '1001'],
    [['--ulimit', 'flights=1'], 'flights'],
    [['--ulimit', 'as=1'], 'as'],
    [['--ulimit', 'nofile=2:1'], 'nofile'],
    [['--workdir', 'relative'], 'relative'],
    [['--env-file', '/no/such/env'], '/no/such/env'],
    [['--stop-signal', 'SIGNOTHING'], 'SIGNOTHING'],
    // Namespaces
    [['--hostname', 'a b'], 'a b'],
    [['--pid', 'container:nobody'], 'no such container: nobody'],
    [['--network', 'container:nobody'], 'no such container: nobody'],
    [['--name', 'me', '--network', 'container:me'], 'cannot join its own network namespace'],
    [['--ipc', 'shared'], 'shared'],
    [['--uts', 'host', '--hostname', 'x'], /a host name cannot be given.*\n.*--hostname or --uts/],
    [['--uts', 'host', '--domainname', 'x'], /a domain name cannot be given.*\n.*--domainname or --uts/],
    [['--userns', 'nomap'], 'nomap'],
    [['--uidmap', '0:x'], '0:x'],
    [['--uidmap', '0:1000:1', '--userns', 'host'], '--userns host'],
    [['--uidmap', '1:100000:10', '--gidmap', '1:100000:10'], 'leave out id 0'],
    [['--uidmap', '0:1:10', '--uidmap', '5:100:10', '--gidmap', '0:1:10'], 'overlap in the container'],
    [[...MAPS, '--privileged'], 'privileged'],
    [[...MAPS, '--pid', 'host'], 'pid namespace of the host'],
    [['--time-offset', 'later'], 'later'],
    // Networks
    [['--network', 'name=front,colour=red'], 'colour'],
    [['--publish', '80:x'], '80:x'],
    [['--expose', 'http'], 'http'],
    // Rights
    [['--cap-add', 'FLYING'], 'FLYING'],
    [['--cap-drop', 'CAP_FLY'], 'FLY'],
    [['--security-opt', 'seccomp=/no/such/profile.json'], '/no/such/profile.json'],
    [['--security-opt', 'apparmor=no-such-profile'], 'apparmor'],
    [['--security-opt', 'label=colour:red'], 'colour'],
    [['--security-opt', 'mask=/proc'], 'mask=/proc'],
    [['--security-opt', 'no-such-word=1'], 'no-such-word'],
    [['--sysctl', 'kernel.panic=1'], 'kernel.panic'],
    [['--sysctl', 'kernel.msgmax'], 'kernel.msgmax'],
    [['--network', 'host', '--sysctl', 'net.ipv4.ip_forward=1'], 'net.ipv4.ip_forward'],
    // Devices
    [['--device', '/dev/no-such-device'], 'no-such-device'],
    [['--device', '/etc/hostname'], '/etc/hostname'],
    [['--device', '/dev/null:rwmx'], 'rwmx'],
    [['--device-cgroup-rule', 'x 1:3 rwm'], 'x 1:3 rwm'],
    [['--device-cgroup-rule', 'c 1:3'], 'c 1:3'],
    // Files
    [['--tmpfs', 'relative'], 'relative'],
    [['--tmpfs', '/'], '"/"'],
    [['--tmpfs', '/x:no-such-option'], 'no-such-option'],
    [['--tmpfs', '/run:size=big'], 'size=big'],
    [['--shm-size', 'big'], 'big'],
    [['--shm-size', '1m', '--ipc', 'none'], '/dev/shm'],
    [['--storage-opt', 'inodes=5'], 'unknown storage option: "inodes=5"'],
    [['--storage-opt', 'size'], 'unknown storage option: "size"'],
    [['--storage-opt', 'size='], 'invalid size: ""'],
    [['--storage-opt', 'size=big'], 'big'],
    // Limits
    [['--memory', '1k'], 'a memory limit of 1024 bytes is below the minimum of 6MB'],
    [['-m', '5m'], 'a memory limit of 5242880 bytes is below the minimum of 6MB'],
    [
      ['-m', '64m', '--memory-swap', '32m'],
      'the limit of memory and swap together, 33554432 bytes, is below',
    ],
    [['--memory-swap', '64m'], 'without a memory limit'],
    [['--memory-swappiness', '101'], 'a memory swappiness of 101 is not between 0 and 100'],
    [['--memory-reservation', '1m'], 'a memory reservation of 1048576 bytes is below the minimum of 6MB'],
    [['-m', '64m', '--memory-reservation', '65m'], 'is above the memory limit of 67108864'],
    [['--cpus', '1', '--cpu-period', '50000'], 'leave --cpus or --cpu-period out'],
    [['--cpus', '1', '--cpu-quota', '50000'], 'leave --cpus or --cpu-quota out'],
    [['--cpus', '9999'], /9999 CPUs cannot be given: range of CPUs/],
    [['--cpu-period', '999'], 'a CPU period of 999 µs is not between 1000'],
    [['--cpu-quota', '999'], 'a CPU quota of 999 µs is below the minimum'],
    [['--cpu-shares', '1'], '1 CPU shares are not between 2 and 262144'],
    [['--cpuset-cpus', '3-1'], '"3-1" is not a list of CPUs'],
    [['--cpuset-cpus', '0,4000'], 'CPUs 4000 are not available'],
    [['--cpuset-mems', '99'], 'memory nodes 99 are not available'],
    [['--blkio-weight', '5'], 'a block I/O weight of 5 is not between 10 and 1000'],
    [['--blkio-weight-device', 'sda:100'], 'invalid amount for a device: "sda:100"'],
    [['--device-read-bps', '/dev/null:1mb'], '/dev/null is not a block device'],
    [['--device-read-bps', '/dev/none:1mb'], 'there is no device /dev/none on this host'],
    [['--device-write-iops', '/dev/null:1mb'], 'invalid amount for a device: "/dev/null:1mb"'],
    [['--cgroup-parent', '/../x'], '"/../x" cannot be the parent of a cgroup'],
    // Its life
    [['--rm', '--restart', 'always'], 'leave --restart or --rm out'],
    [['--replace'], '--replace needs --name'],
    [['--no-healthcheck', '--health-cmd', 'true'], '--no-healthcheck or the --health options'],
    [['--restart', 'sometimes'], 'sometimes'],
    [['--health-interval', '30'], '30'],
    [['--health-on-failure', 'explode'], 'explode'],
    [['--timeout', '-1'], '-1'],
    [['--log-driver', 'papyrus'], 'papyrus'],
    [['--log-opt', 'max-size'], 'max-size'],
    [['--label', '=x'], '=x'],
    [['--attach', 'stdlog'], 'stdlog'],
    [['--pull', 'often'], 'often'],
  ])('%j', async (options, message) => {
    const before = everything();
    const { said, code } = await refusal(...options);
    expect(said).toMatch(message);
    expect(code).toBe(125);
    expect(said).not.toContain('unexpected error');
    expect(everything()).toEqual(before);
    expect(allContainers(room.context.database)).toEqual([]);
  });

  it.each([
    ['is cut short', '{ "defaultAction": '],
    ['means nothing', '{"defaultAction": "SCMP_ACT_FLY"}'],
  ])('with a profile of system calls that %s, which is named by its file', async (_what, text) => {
    const file = join(room.directory, 'profile.json');
    writeFileSync(file, text);
    const before = everything();
    const { said, code } = await refusal('--security-opt', `seccomp=${file}`);
    expect({ said, code }).toEqual({ said: expect.stringContaining(file), code: 125 });
    expect(said).not.toContain('unexpected error');
    expect(everything()).toEqual(before);
  });
});

describe('what is shared with a container that has ended', () => {
  beforeAll(() => {
    const ended = { code: 0, oom: false, started: 1, finished: 2 };
    insertContainer(room.context.database, containerRow({ name: 'ended', ended }), () => false);
  });

  it.each(['--network', '--pid', '--ipc', '--uts', '--cgroupns', '--userns'])(
    'is refused by %s',
    async (option) => {
      const before = everything();
      const { said, code } = await refusal(option, 'container:ended');
      expect({ said, code }).toEqual({
        said: expect.stringContaining('container ended: it is not running'),
        code: 125,
      });
      expect(everything()).toEqual(before);
    },
  );
});
