import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { leftovers, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

describe('run', () => {
  it("relays the command's output and exits with its code", async () => {
    const outcome = await store.skiff([
      'run',
      '--rm',
      busybox,
      'sh',
      '-c',
      'echo out; echo err >&2; exit 42',
    ]);
    expect(outcome).toEqual({ stdout: 'out\n', stderr: 'err\n', code: 42, signal: undefined });
  });

  it('loses no output of a command that writes a lot and ends at once', async () => {
    const sum = await store.ok([
      'run',
      '--rm',
      busybox,
      'sh',
      '-c',
      'dd if=/dev/zero bs=1M count=20 2>/dev/null | tr "\\0" x; echo end',
    ]);
    expect(sum.length).toBe(20 * 1024 * 1024 + 3);
    expect(sum.endsWith('xend')).toBe(true);
  });

  it('gives the command standard input with -i and an empty one without', async () => {
    expect(await store.ok(['run', '--rm', '-i', busybox, 'cat'], { input: 'from outside\n' })).toBe(
      'from outside',
    );
    expect(await store.ok(['run', '--rm', busybox, 'cat'], { input: 'ignored\n' })).toBe('');
  });

  it('runs the command as PID 1 of its own namespaces', async () => {
    const inside = await store.ok([
      'run',
      '--rm',
      busybox,
      'sh',
      '-c',
      'echo $$; for n in pid mnt uts ipc net cgroup; do readlink /proc/self/ns/$n; done',
    ]);
    const [pid, ...namespaces] = inside.split('\n');
    expect(pid).toBe('1');
    const { readlinkSync } = await import('node:fs');
    const own = ['pid', 'mnt', 'uts', 'ipc', 'net', 'cgroup'].map((name) =>
      readlinkSync(`/proc/self/ns/${name}`),
    );
    expect(namespaces).toHaveLength(6);
    expect(namespaces.filter((namespace) => own.includes(namespace))).toEqual([]);
  });

  it('sets environment, working directory, user and host name as asked', async () => {
    const script = 'echo $A $B $HOME; pwd; id -u; id -g; hostname; cat /etc/hostname';
    const args = ['-e', 'A=1', '-e', 'B', '-w', '/made/for/this', '-u', '12:34', '--hostname', 'berth'];
    const output = await store.ok(['run', '--rm', ...args, busybox, 'sh', '-c', script], {
      env: { B: 'from here' },
    });
    expect(output.split('\n')).toEqual(['1 from here /', '/made/for/this', '12', '34', 'berth', 'berth']);
  });

  it('calls itself by its short id when nobody names the host', async () => {
    const id = await store.ok(['run', '-d', busybox, 'hostname']);
    expect(await store.ok(['wait', id])).toBe('0');
    expect(await store.ok(['logs', id])).toBe(id.slice(0, 12));
  });

  it('replaces the entrypoint', async () => {
    expect(await store.ok(['run', '--rm', '--entrypoint', 'echo', busybox, 'a', 'b'])).toBe('a b');
  });

  it('refuses writes to a read-only root, but not to /dev/shm', async () => {
    const { code, stderr } = await store.skiff([
      'run',
      '--rm',
      '--read-only',
      busybox,
      'sh',
      '-c',
      'echo x > /dev/shm/x && echo x > /x',
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('/x: Read-only file system');
  });

  it('shows only loopback, which is up, without a network', async () => {
    const output = await store.ok([
      'run',
      '--rm',
      '--network',
      'none',
      busybox,
      'sh',
      '-c',
      'ls /sys/class/net; ping -c 1 -W 2 127.0.0.1 >/dev/null && echo up',
    ]);
    expect(output).toBe('lo\nup');
  });

  it("is in the host's network when asked", async () => {
    const { readlinkSync } = await import('node:fs');
    expect(
      await store.ok(['run', '--rm', '--network', 'host', busybox, 'readlink', '/proc/self/ns/net']),
    ).toBe(readlinkSync('/proc/self/ns/net'));
  });

  it('gives names of its own, and refuses a name that is taken', async () => {
    const id = await store.ok(['run', '-d', '--name', 'taken', busybox, 'true']);
    const second = await store.skiff(['run', '-d', '--name', 'taken', busybox, 'true']);
    expect(second).toMatchObject({ code: 125, stdout: '' });
    expect(second.stderr).toContain(`"taken" is already in use by container ${id.slice(0, 12)}`);
    await store.ok(['run', '-d', busybox, 'true']);
    expect(await store.ok(['ps', '-a'])).toMatch(/ [a-z]+_[a-z]+$/m);
  });

  it('gives a --rm container its name back when it is gone', async () => {
    for (let round = 0; round < 3; round += 1)
      await store.ok(['run', '--rm', '--name', 'again', busybox, 'true']);
  });

  it('leaves the container for later without --rm', async () => {
    const id = await store.ok(['run', '-d', '--name', 'stays', busybox, 'sh', '-c', 'echo kept > /file']);
    await store.ok(['wait', id]);
    expect(readFileSync(join(store.root, 'containers', id, 'upper', 'file'), 'utf8')).toBe('kept\n');
  });

  it('takes the limits of Docker, and says what is wrong with others', async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await store.skiff(['run', '--rm', ...args, busybox, 'true']);
      expect(code).toBe(125);
      return stderr;
    };
    expect(await refused('-m', '5m')).toContain('below the minimum of 6MB');
    expect(await refused('-m', 'lots')).toContain('invalid size: "lots"');
    expect(await refused('--cpus', '1000')).toContain('range of CPUs is from 0.01');
    expect(await refused('--cpus', 'all')).toContain('invalid number of CPUs');
    expect(await refused('--network', 'front:mode=x')).toContain('"mode"');
    expect(await refused('-w', 'relative')).toContain('relative');
    expect(await refused('-e', '=x')).toContain('has no name');
    expect(await refused('--name', '-')).toContain('cannot be a container');
    expect(await refused('--no-such-option')).toContain('--no-such-option');
  });

  it('says that a command is not there (127) or cannot be executed (126)', async () => {
    const missing = await store.skiff(['run', '--rm', busybox, 'no-such-command']);
    expect(missing).toMatchObject({ code: 127, stdout: '' });
    expect(missing.stderr).toContain('"no-such-command": executable file not found in $PATH');
    const directory = await store.skiff(['run', '--rm', busybox, '/etc']);
    expect(directory.code).toBe(126);
    expect(directory.stderr).toContain('/etc');
    const nobody = await store.skiff(['run', '--rm', '-u', 'nosuchuser', busybox, 'true']);
    expect(nobody).toMatchObject({ code: 125 });
    expect(nobody.stderr).toContain('nosuchuser');
  });

  it('keeps a container whose start failed, as created, with the reason', async () => {
    await store.skiff(['run', '--name', 'failed', busybox, 'no-such-command']);
    const [container] = JSON.parse(await store.ok(['inspect', 'failed']));
    expect(container.State).toMatchObject({
      Status: 'created',
      ExitCode: 127,
      Error: expect.stringContaining('no-such-command'),
    });
  });

  it('leaves nothing of a --rm container, however it ends', async () => {
    const before = leftovers(store);
    await store.ok(['run', '--rm', busybox, 'true']);
    await store.skiff(['run', '--rm', busybox, 'no-such-command']);
    await store.skiff(['run', '--rm', busybox, 'sh', '-c', 'kill -9 $$']);
    expect(leftovers(store)).toEqual(before);
  });
});
