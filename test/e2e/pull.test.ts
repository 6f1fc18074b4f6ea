import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ImageName, umociTree, useRegistry } from '../helpers/images.ts';
import { mountedTree } from '../helpers/mounted-image.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const registry = useRegistry('busybox', 'debian', 'layers10-few', 'layers10-few-zstd', 'multi', 'special');

/**
 * Nobody says what time it is in directories that an archive implies without naming them, nor in the one they appear
 * in: umoci has the time of unpacking there.
 */
function withoutUnsaidTime(line: string): string {
  return line.replace(/^(opt(?:\/brand\S*)? directory .*) mtime=\d+/, '$1');
}

describe('pull', () => {
  it.each<ImageName>(['busybox', 'debian', 'layers10-few', 'layers10-few-zstd'])(
    'makes of %s the very tree that umoci makes of it',
    async (name) => {
      await store.ok(['pull', registry.reference(name)]);
      const expected = umociTree(name).map(withoutUnsaidTime);
      const actual = (await mountedTree(store, registry.reference(name))).map(withoutUnsaidTime);
      expect(actual).toHaveLength(expected.length);
      expect(actual.filter((line, index) => line !== expected[index])).toEqual([]);
    },
    300_000,
  );

  it('runs a shell in a Debian made by debootstrap', async () => {
    const command = ['/bin/bash', '-c', 'cat /etc/os-release; id; ls -la /proc/self/ns'];
    const output = await store.ok(['run', '--rm', registry.reference('debian'), ...command]);
    expect(output).toContain('ID=debian');
    expect(output).toContain('uid=0(root) gid=0(root) groups=0(root)');
    expect(output).toMatch(/cgroup -> cgroup:\[\d+\]/);
  });

  it('says what it does in plain lines when nobody watches, and that it is up to date the second time', async () => {
    // The other one has the same layers in another compression.
    await store.ok(['rmi', registry.reference('layers10-few'), registry.reference('layers10-few-zstd')]);
    const first = await store.ok(['pull', registry.reference('layers10-few')]);
    expect(first.match(/^[0-9a-f]{12}: Pull complete$/gm)?.length).toBeGreaterThan(0);
    expect(first).toMatch(/^Digest: sha256:[0-9a-f]{64}\nStatus: Downloaded newer image for /m);
    const second = await store.ok(['pull', registry.reference('layers10-few')]);
    expect(second.match(/^[0-9a-f]{12}: Already exists$/gm)).toHaveLength(10);
    expect(second).toContain('Status: Image is up to date for ');
    expect(await store.ok(['pull', '-q', registry.reference('layers10-few')])).toBe(
      registry.reference('layers10-few'),
    );
  });

  it('chooses the platform, and says which there are when there is none', async () => {
    const multi = registry.reference('multi');
    await store.ok(['pull', multi]);
    const [host] = JSON.parse(await store.ok(['inspect', '--type', 'image', multi]));
    expect(host.Architecture).toBe(process.arch === 'x64' ? 'amd64' : process.arch);
    await store.ok(['pull', '--platform', 'linux/arm64', multi]);
    const [arm] = JSON.parse(await store.ok(['inspect', '--type', 'image', multi]));
    expect(arm.Architecture).toBe('arm64');
    const missing = await store.skiff(['pull', '--platform', 'linux/s390x', multi]);
    expect(missing.code).toBe(125);
    expect(missing.stderr).toContain('no image for platform linux/s390x');
    expect(missing.stderr).toContain('linux/arm64');
  });

  it('does the work once when several pull the same image at the same time', async () => {
    const reference = registry.reference('layers10-few');
    await store.ok(['rmi', reference]);
    const outputs = await Promise.all([1, 2, 3].map(() => store.ok(['pull', reference])));
    const unpacked = outputs.flatMap((output) => output.match(/^[0-9a-f]{12}: Pull complete$/gm) ?? []);
    expect(unpacked).toHaveLength(10);
    expect(await store.ok(['run', '--rm', reference, 'true'])).toBe('');
  });

  it('leaves nothing that a later pull trips over when it is killed', async () => {
    const reference = registry.reference('debian');
    await store.ok(['rmi', reference]);
    const pull = store.start(['pull', reference]);
    await printed(pull, 'Pulling fs layer');
    pull.kill('SIGKILL');
    await pull;
    expect((await store.skiff(['inspect', reference])).code).toBe(1);
    await store.ok(['pull', reference]);
    expect(await store.ok(['run', '--rm', reference, 'cat', '/etc/debian_version'])).toMatch(/^\d+/);
    expect(readdirSync(join(store.root, 'tmp'))).toEqual([]);
    expect(existsSync(join(store.root, 'trash')) ? readdirSync(join(store.root, 'trash')) : []).toEqual([]);
  });

  it('ends on Ctrl-C without a trace', async () => {
    const reference = registry.reference('debian');
    await store.ok(['rmi', reference]);
    const pull = store.start(['pull', reference]);
    await printed(pull, 'Pulling fs layer');
    pull.kill('SIGINT');
    const { exitCode, stderr } = await pull;
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/cancelled|interrupted/);
    expect(readdirSync(join(store.root, 'tmp'))).toEqual([]);
  });
});

describe('run', () => {
  it('pulls what is missing and keeps standard output for the container', async () => {
    const special = registry.reference('special');
    const { stdout, stderr, code } = await store.skiff(['run', '--rm', special]);
    expect(code).toBe(0);
    expect(stderr).toContain(`Unable to find image '${special}' locally`);
    expect(stdout).not.toContain('Pull');
  });
});

describe('images and rmi', () => {
  it('list an image until its last name is gone', async () => {
    const reference = registry.reference('busybox');
    await store.ok(['pull', reference]);
    const repository = reference.slice(0, reference.lastIndexOf(':'));
    expect(await store.ok(['images'])).toMatch(new RegExp(`^${repository} +latest +[0-9a-f]{12} .*B$`, 'm'));
    const removed = await store.ok(['rmi', reference]);
    expect(removed).toContain(`Untagged: ${reference}`);
    expect(removed).toMatch(/^Deleted: sha256:[0-9a-f]{64}$/m);
    expect(await store.ok(['images'])).not.toContain(repository);
  });

  it('refuse to remove what a container uses', async () => {
    const reference = registry.reference('busybox');
    await store.ok(['run', '--name', 'user', reference, 'true']);
    const refused = await store.skiff(['rmi', reference]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('used by stopped container user');
    await store.ok(['rmi', '-f', reference]);
    expect(await store.ok(['ps', '-a'])).toContain('user');
    await store.ok(['rm', 'user']);
  });

  it('give back every byte', async () => {
    const images = (await store.ok(['images', '-q', '--no-trunc'])).split('\n').filter(Boolean);
    for (const id of new Set(images)) await store.ok(['rmi', '-f', id]);
    expect(readdirSync(join(store.root, 'layers'))).toEqual([]);
    expect(readdirSync(join(store.root, 'blobs', 'sha256'))).toEqual([]);
  });
});
