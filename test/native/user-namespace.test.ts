import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { builtProgram } from '../helpers/built-program.ts';
import {
  gone,
  HELPER,
  HELPER_IS_STATIC,
  makeLayer,
  type PlannedContainer,
  printed,
  useRoom,
} from '../helpers/plan.ts';

const room = useRoom();
const FIRST = 300000;
type Wishes = Parameters<typeof room.plan>[0];

async function run(line: string, wishes: Partial<Wishes> = {}): Promise<[PlannedContainer, string]> {
  const container = room.plan({ args: ['sh', '-c', line], firstId: FIRST, layer, ...wishes });
  const { stdout, stderr, code } = await container.run();
  expect([stderr, code]).toEqual(['', 0]);
  return [container, stdout.toString().trimEnd()];
}

const output = async (line: string, wishes: Partial<Wishes> = {}): Promise<string> =>
  (await run(line, wishes))[1];

let layer: string;

beforeAll(() => {
  layer = join(room.root, 'users-layer');
  makeLayer(layer);
  writeFileSync(join(layer, 'etc/harbours'), 'of the harbour');
  chownSync(join(layer, 'etc/harbours'), 1000, 2000);
});

describe('a container with a user namespace', () => {
  it('is root inside and nobody of the host outside', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'id; echo up; read x'],
      firstId: FIRST,
      layer,
      stdin: 'open',
    });
    const child = container.start('attach', 'pipe');
    expect(await printed(child, 'up')).toContain('uid=0(root) gid=0(root)');
    const status = execFileSync('grep', [
      '-E',
      '^(Uid|Gid|Groups):',
      `/proc/${container.state.init.pid}/status`,
    ]);
    expect(status.toString().split(/\s+/)).toEqual([
      'Uid:',
      ...Array(4).fill('300000'),
      'Gid:',
      ...Array(4).fill('300000'),
      'Groups:',
      '300000',
      '',
    ]);
    child.stdin?.end('\n');
    await new Promise((done) => child.on('close', done));
  });

  it('sees the owners of the image, and leaves them so on the disk', async () => {
    const [container, text] = await run(
      'stat -c %u:%g /etc/harbours /etc/passwd /; touch /root/mine; echo x >> /etc/harbours; chown 1000:2000 /root; rm /bin/yes; mkdir /etc/new; stat -c %u:%g /root/mine',
    );
    expect(text).toBe('1000:2000\n0:0\n0:0\n0:0');
    const owner = (name: string): string => {
      const { uid, gid } = lstatSync(join(container.path('upper'), name));
      return `${uid}:${gid}`;
    };
    expect(['root/mine', 'etc/harbours', 'root', 'bin/yes', 'etc/new'].map(owner)).toEqual([
      '0:0',
      '1000:2000',
      '1000:2000',
      '0:0',
      '0:0',
    ]);
  });

  it('sees them also on kernels that take the layers in one string only', async () => {
    const line = 'stat -c %u:%g /etc/harbours; touch /mine; echo x >> /etc/harbours';
    const container = room.plan({
      args: ['sh', '-c', line],
      firstId: FIRST,
      layer,
      helper: builtProgram('unread-options'),
      env: { PROGRAM: HELPER },
      showsCgroups: false,
    });
    const { stdout, stderr } = await container.run();
    expect([stderr, stdout.toString()]).toEqual(['', '1000:2000\n']);
    expect(lstatSync(join(container.path('upper'), 'mine')).uid).toBe(0);
  });

  it('sees them in a shifted copy of the layer', async () => {
    const shifted = join(room.root, 'shifted-layer');
    execFileSync(HELPER, ['shift', layer, shifted, `u:0:${FIRST}:65536`, `g:0:${FIRST}:65536`]);
    const container = room.plan({
      args: ['sh', '-c', 'stat -c %u:%g /etc/harbours /; touch /mine; echo x >> /etc/harbours'],
      firstId: FIRST,
      overlay: 'nodev',
      layer: shifted,
    });
    chownSync(container.path('upper'), FIRST, FIRST);
    const { stdout, stderr } = await container.run();
    expect([stderr, stdout.toString()]).toEqual(['', '1000:2000\n0:0\n']);
    expect(lstatSync(join(container.path('upper'), 'mine')).uid).toBe(FIRST);
    expect(lstatSync(join(container.path('upper'), 'etc/harbours')).uid).toBe(FIRST + 1000);
  });

  it('has no power over the files of the host', async () => {
    const shared = join(room.root, 'shared');
    mkdirSync(shared, { mode: 0o755 });
    writeFileSync(join(shared, 'secret'), 'secret', { mode: 0o600 });
    writeFileSync(join(shared, 'open'), 'open', { mode: 0o644 });
    const init: PlanRecord[] = [['bind', shared, '/shared', 'mkdir']];
    const line =
      'stat -c %u /shared/secret; cat /shared/open; echo; cat /shared/secret; echo x > /shared/open; touch /shared/new; chown 0 /shared/open; true';
    const container = room.plan({ args: ['sh', '-c', line], firstId: FIRST, layer, init });
    const { stdout, stderr } = await container.run();
    expect(stdout.toString()).toBe('65534\nopen\n');
    expect(stderr.match(/Permission denied/g)).toHaveLength(3);
    expect(stderr).toMatch(/chown: .*(Operation not permitted|Value too large)/);
  });

  it('is shown a bound directory through its ids when asked', async () => {
    const shared = join(room.root, 'idmapped');
    mkdirSync(shared);
    const init: PlanRecord[] = [['bind', shared, '/shared', 'mkdir,idmap']];
    expect(await output('touch /shared/new; chown 5:6 /shared/new; stat -c %u:%g /shared', { init })).toBe(
      '0:0',
    );
    const { uid, gid } = lstatSync(join(shared, 'new'));
    expect([uid, gid]).toEqual([5, 6]);
  });

  it('has the mounts, devices and limits of any other', async () => {
    const line =
      'cat /proc/self/mounts | cut -d" " -f2 | sort; echo x > /dev/null; head -c 1 /dev/zero | wc -c; ls -l /dev/pts/ptmx | cut -c1-10; echo again > /dev/stdout; ls /sys/class/net; cat /proc/self/uid_map';
    const text = await output(line);
    for (const path of [
      '/',
      '/dev',
      '/dev/mqueue',
      '/dev/null',
      '/dev/pts',
      '/dev/shm',
      '/proc',
      '/proc/sys',
      '/sys',
      '/sys/fs/cgroup',
    ])
      expect(text.split('\n')).toContain(path);
    expect(text).toMatch(/\n1\ncrw-rw-rw-\nagain\nlo\n +0 +300000 +65536$/);
    expect(await output('(echo 1 > /proc/sys/kernel/panic) 2>&1; ls /sys/firmware; true')).toContain(
      'Read-only',
    );
  });

  it.runIf(HELPER_IS_STATIC)(
    'can be another user, whose output is its own, and may use setuid programs and file capabilities',
    async () => {
      const special = join(room.root, 'special-layer');
      makeLayer(special);
      for (const name of ['setuid', 'capable', 'locked']) mkdirSync(join(special, name), { mode: 0o755 });
      copyFileSync('/usr/bin/busybox', join(special, 'capable/busybox'));
      copyFileSync(HELPER, join(special, 'setuid/helper'));
      chmodSync(join(special, 'setuid/helper'), 0o4755);
      execFileSync('setcap', ['cap_net_raw+ep', join(special, 'capable/busybox')]);
      const process: PlanRecord[] = [['user', 'harbour']];
      const line =
        'id -u; echo again > /dev/stdout; /setuid/helper remove /locked; ls -d /locked 2>&1; /capable/busybox grep CapEff /proc/self/status';
      const text = await output(line, { process, layer: special });
      expect(text).toBe('1000\nagain\nls: /locked: No such file or directory\nCapEff:\t0000000000002000');
    },
  );

  it('fails to start with a map that the kernel refuses, and leaves nothing', async () => {
    const namespaces = ['mount', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'user'];
    const general: PlanRecord[] = [
      ['uid-map', '0', '300000', '10'],
      ['uid-map', '5', '400000', '10'],
      ['gid-map', '0', '300000', '10'],
    ];
    const container = room.plan({ args: ['true'], namespaces, general, layer });
    const { stderr, code } = await container.run();
    expect([stderr, code]).toEqual(['skiff-helper: id-map: uid_map: Invalid argument\n', 125]);
    expect(container.leftovers()).toEqual([]);
  });

  it('fails to start when a source is missing, and names it', async () => {
    const init: PlanRecord[] = [['bind', '/no/such', '/x', 'mkdir']];
    const container = room.plan({ args: ['true'], firstId: FIRST, layer, init });
    const { stderr, code } = await container.run();
    expect([stderr, code]).toEqual(['skiff-helper: bind-source: /no/such: No such file or directory\n', 125]);
    expect(container.leftovers()).toEqual([]);
  });

  it('ends with its monitor, and is cleaned up after', async () => {
    const container = room.plan({ args: ['sleep', '1000'], firstId: FIRST, layer });
    await container.detach();
    const { monitor, init } = container.state;
    process.kill(monitor.pid, 'SIGKILL');
    await gone(init.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(container.leftovers()).toEqual([]);
    expect(container.exit.code).toBe(137);
  });

  it('is entered by another container, whose power it then has', async () => {
    const first = room.plan({ args: ['sleep', '1000'], firstId: FIRST, layer });
    await first.detach();
    const { pid, startTime } = first.state.init;
    const general: PlanRecord[] = [['join', 'user', String(pid), String(startTime)]];
    const second = room.plan({
      args: ['sh', '-c', 'readlink /proc/self/ns/user; id -u; stat -c %u /etc/harbours; echo x > /x'],
      general,
      layer,
      overlay: 'nodev,idmap',
      devices: 'bind',
    });
    const { stdout, stderr, code } = await second.run();
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout.toString()).toBe(`${readlinkSync(`/proc/${pid}/ns/user`)}\n0\n1000\n`);
    expect(lstatSync(join(second.path('upper'), 'x')).uid).toBe(0);
    await first.ask('stop 9 0');
    expect(existsSync(first.runDir)).toBe(false);
  });
});
