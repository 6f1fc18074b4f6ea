import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emulationOf } from '../../src/host/binfmt.ts';
import { formatPlatform, hostPlatform } from '../../src/image/platform.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const MAPS = ['--uidmap', '0:100000:65536', '--gidmap', '0:200000:65536'];
const COPIES = { env: { SKIFF_IDMAP: 'copy' } };

const etc = mkdtempSync(join(tmpdir(), 'skiff-etc-'));
afterAll(() => rmSync(etc, { recursive: true }));

/** skiff sees these subordinate ids, whatever this machine has. */
function withSubordinateIds(name: string, content: string) {
  const directory = join(etc, name);
  mkdirSync(directory);
  for (const file of ['subuid', 'subgid']) writeFileSync(join(directory, file), content);
  const mount = `mount -t overlay overlay -o lowerdir=${directory}:/etc /etc && exec "$@"`;
  return { through: ['unshare', '--mount', 'sh', '-c', mount, 'sh'] };
}

async function inspect(name: string) {
  const [container] = JSON.parse(await store.ok(['inspect', name]));
  return container;
}

const copies = () => readdirSync(join(store.root, 'layers')).filter((name) => name.includes('.'));

/** Path, mode, owner of everything in the image, as the container sees it. */
const TREE = 'find / -xdev -exec stat -c "%n %a %u %g %s" {} + | sort';

describe.each([
  ['through id maps', {}],
  ['as copies with shifted owners', COPIES],
])('a container with id maps that sees its layers %s', (_, mode) => {
  it('is root inside and somebody else on the host', async () => {
    const command = ['sh', '-c', 'id -u; id -g; cat /proc/self/uid_map; echo ready; sleep 1000'];
    const id = await store.ok(['run', '-d', '--name', 'mapped', ...MAPS, busybox, ...command], mode);
    const { State, IDMappings } = await inspect(id);
    expect(statSync(`/proc/${State.Pid}`)).toMatchObject({ uid: 100_000, gid: 200_000 });
    expect(readlinkSync(`/proc/${State.Pid}/ns/user`)).not.toBe(readlinkSync('/proc/self/ns/user'));
    expect(IDMappings).toEqual({ UidMap: ['0:100000:65536'], GidMap: ['0:200000:65536'] });
    await store.ok(['rm', '-f', 'mapped']);
  });

  it('owns the files of its image, those that it makes, and those of the engine', async () => {
    const script =
      'touch /made; stat -c "%u %g" / /bin /made /etc/hosts /etc/hostname /etc/resolv.conf /dev/shm';
    const output = await store.ok(['run', '--rm', ...MAPS, busybox, 'sh', '-c', script], mode);
    expect(output.split('\n').filter((line) => line !== '0 0')).toEqual([]);
  });

  it('sees the same tree as one without', async () => {
    const plain = await store.ok(['run', '--rm', busybox, 'sh', '-c', TREE]);
    const mapped = await store.ok(['run', '--rm', ...MAPS, busybox, 'sh', '-c', TREE], mode);
    const ofImage = (text: string) =>
      text.split('\n').filter((line) => !/^\/(dev|etc|proc|sys)?( |\/)/.test(line));
    expect(ofImage(mapped)).toEqual(ofImage(plain));
  });

  it('keeps the mapped host ids from what belongs to the host', async () => {
    const { stderr, code } = await store.skiff(
      ['run', '--rm', ...MAPS, busybox, 'sh', '-c', 'chown 70000 /bin'],
      mode,
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/invalid argument/i);
  });
});

describe('copies of layers', () => {
  it('are made once for all that start at the same time', async () => {
    const maps = ['--uidmap', '0:300000:65536', '--gidmap', '0:300000:65536'];
    const runs = Array.from({ length: 4 }, () =>
      store.ok(['run', '--rm', ...maps, busybox, 'id', '-u'], COPIES),
    );
    expect(await Promise.all(runs)).toEqual(['0', '0', '0', '0']);
    const kept = copies();
    const made = kept.map((name) => statSync(join(store.root, 'layers', name)).ino);
    await store.ok(['run', '--rm', ...maps, busybox, 'true'], COPIES);
    expect(copies()).toEqual(kept);
    expect(kept.map((name) => statSync(join(store.root, 'layers', name)).ino)).toEqual(made);
  });

  it('go when the last container that stands on them is removed', async () => {
    const maps = ['--uidmap', '0:400000:65536', '--gidmap', '0:400000:65536'];
    await store.ok(['run', '--name', 'first', ...maps, busybox, 'true'], COPIES);
    await store.ok(['run', '--name', 'second', ...maps, busybox, 'true'], COPIES);
    const [copy = ''] = copies();
    expect(copies()).toHaveLength(1);
    expect(statSync(join(store.root, 'layers', copy))).toMatchObject({ uid: 400_000, gid: 400_000 });
    await store.ok(['rm', 'first']);
    expect(copies()).toEqual([copy]);
    await store.ok(['rm', 'second']);
    expect(copies()).toEqual([]);
  });
});

describe('a range of ids that skiff chooses', () => {
  it('is one of 65536, and no two containers have ids in common', async () => {
    const ids = withSubordinateIds('room', 'skiff:500000:655360\n');
    const names = Array.from({ length: 8 }, (_, index) => `auto${index}`);
    const run = (name: string) => ['run', '-d', '--name', name, '--userns', 'auto', busybox, 'sleep', '1000'];
    await Promise.all(names.map((name) => store.ok(run(name), ids)));
    const containers = JSON.parse(await store.ok(['inspect', ...names]));
    const maps: string[] = containers.map(({ IDMappings }: { IDMappings: { UidMap: string[] } }) =>
      IDMappings.UidMap.join(),
    );
    const starts = maps.map((map) => Number(/^0:(\d+):65536$/.exec(map)?.[1]));
    expect(starts.sort()).toEqual(names.map((_, index) => 500_000 + index * 65_536));
    for (const { State, IDMappings } of containers) {
      const [inside, outside, count] = readFileSync(`/proc/${State.Pid}/uid_map`, 'utf8').trim().split(/\s+/);
      expect(`${inside}:${outside}:${count}`).toBe(IDMappings.UidMap[0]);
    }
    expect(containers[0].HostConfig.UsernsMode).toBe('auto');
    await store.ok(['rm', '-f', ...names]);
  });

  it('is free again when its container is gone', async () => {
    const ids = withSubordinateIds('one', 'containers:600000:65536\n');
    const run = ['run', '--rm', '--userns', 'auto', busybox, 'awk', '{print $2}', '/proc/self/uid_map'];
    expect(await store.ok(run, ids)).toBe('600000');
    expect(await store.ok(run, ids)).toBe('600000');
  });

  it('is refused when there is none, or none left, with what to do', async () => {
    const nobody = withSubordinateIds('none', 'somebody:100000:65536\n');
    const run = (...options: string[]) => ['run', ...options, '--userns', 'auto', busybox, 'sleep', '1000'];
    const none = await store.skiff(run('--rm'), nobody);
    expect(none.code).toBe(125);
    expect(none.stderr).toMatch(/no subordinate ids.*\n.*echo skiff:\d+:1048576 \| tee -a \/etc\/subuid/);

    const few = withSubordinateIds('few', 'skiff:600000:65536\n');
    await store.ok(run('-d', '--name', 'holder'), few);
    const full = await store.skiff(run('--rm'), few);
    expect(full.code).toBe(125);
    expect(full.stderr).toContain('no free range of 65536 subordinate ids');
    await store.ok(['rm', '-f', 'holder']);
  });
});

describe("another container's user namespace", () => {
  beforeAll(async () => {
    await store.ok([
      'run',
      '-d',
      '--name',
      'lender',
      '--ipc',
      'shareable',
      ...MAPS,
      busybox,
      'sleep',
      '1000',
    ]);
    await store.ok(['run', '-d', '--name', 'plain', '--ipc', 'shareable', busybox, 'sleep', '1000']);
  });

  it('comes with its id maps, and with the owners of files', async () => {
    const { State } = await inspect('lender');
    const script = 'readlink /proc/self/ns/user; stat -c "%u %g" /bin /etc/hosts';
    const shared = ['--userns', 'container:lender', '--pid', 'container:lender', '--ipc', 'container:lender'];
    const output = await store.ok(['run', '--rm', ...shared, busybox, 'sh', '-c', script]);
    expect(output).toBe(`${readlinkSync(`/proc/${State.Pid}/ns/user`)}\n0 0\n0 0`);
  });

  it.each([
    [['--userns', 'container:plain'], 'container plain has no user namespace of its own'],
    [
      ['--userns', 'container:lender', '--ipc', 'container:plain'],
      'not in the user namespace of container lender',
    ],
    [['--userns', 'container:lender', '--cgroupns', 'container:plain'], 'not in the user namespace'],
    [[...MAPS, '--cgroupns', 'container:plain'], 'cannot share the cgroup namespace of container plain'],
  ])('is refused with %j', async (options, message) => {
    const { code, stderr } = await store.skiff(['run', '--rm', ...options, busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain(message);
  });
});

describe('an image for another architecture', () => {
  const zeros = '\\x00'.repeat(9);
  /** What a program for it begins with, as the kernel is told. */
  const [architecture, magic] =
    hostPlatform().architecture === 's390x'
      ? ['arm64', `\\x7fELF\\x02\\x01\\x01${zeros}\\x02\\x00\\xb7\\x00`]
      : ['s390x', `\\x7fELF\\x02\\x02\\x01${zeros}\\x00\\x02\\x00\\x16`];
  const context = join(etc, 'foreign');
  const platform = ['--platform', `linux/${architecture}`];
  const run = ['run', '--rm', ...platform];

  beforeAll(async () => {
    mkdirSync(context);
    const header = magic.replace(/\\x(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    writeFileSync(join(context, 'echo'), Buffer.from(header.padEnd(64, '\0'), 'latin1'), { mode: 0o755 });
    writeFileSync(
      join(context, 'Dockerfile'),
      'FROM scratch AS base\nCOPY echo /\nFROM base\nRUN ["/echo", "emulated"]\n',
    );
    await store.ok(['build', '-q', '--target', 'base', ...platform, '-t', 'foreign', context]);
  });

  it('is run where the kernel hands it to an emulator that was opened before', async ({ skip }) => {
    // What is registered in a user namespace counts there alone. The emulator is a program that does what its second name says.
    const rights = ['--cap-add', 'SYS_ADMIN', '--security-opt', 'seccomp=unconfined'];
    await store.ok(['run', '-d', '--name', 'emulating', ...rights, ...MAPS, busybox, 'sleep', '1000']);
    const within = (script: string) => store.skiff(['exec', 'emulating', 'sh', '-c', script]);
    const { code } = await within('mkdir /m && mount -t binfmt_misc none /m');
    skip(code !== 0, 'this kernel has no binfmt_misc for user namespaces');
    expect(await within(`printf %s ':foreign:M::${magic}::/bin/busybox:F' > /m/register`)).toMatchObject({
      code: 0,
    });
    const emulated = [...run, '--userns', 'container:emulating', 'foreign', '/echo', 'emulated'];
    expect(await store.ok(emulated)).toBe('emulated');
  });

  it('is refused with what is missing where there is none, and so is a step of a build', async ({ skip }) => {
    skip(emulationOf(architecture).kind !== 'none', `this machine executes programs for ${architecture}`);
    const missing = `is for linux/${architecture}, this machine is ${formatPlatform(hostPlatform())}: no emulator for ${architecture} is registered`;
    expect(await store.skiff([...run, 'foreign', '/echo'])).toMatchObject({
      code: 126,
      stderr: expect.stringContaining(`hint: the image ${missing}`),
    });
    expect(await store.skiff(['build', '--network', 'none', ...platform, context])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(`"/echo": exec format error\n(.*\n)*hint: it ${missing}`),
    });
  });
});
