import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/engine/doctor/doctor.ts';
import { storePaths } from '../../src/host/paths.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { useInternet } from '../helpers/internet.ts';
import { killed } from '../helpers/plan.ts';
import { isRunning } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

/** Where skiff has to switch forwarding on, its table stays as the guard of what it has opened. */
beforeAll(() => {
  const on = 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding';
  internet.host.namespace.run('sh', '-c', on);
});

/** A store that a test may delete; what it has on the host goes with the namespaces, and its runtime root here. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-reset-'));
});
afterEach(() => {
  for (const directory of [root, storePaths(root).run]) rmSync(directory, { recursive: true, force: true });
});

const ok = async (...args: string[]) => await store.ok(['--root', root, ...args]);
const links = () => internet.host.namespace.links();
const tables = () => internet.host.namespace.run('nft', 'list', 'tables');
const bridges = () => links().filter((name) => /^(skiff|sk-)/.test(name));

/** What doctor says of one store, or of one interface. */
async function leftover(name: string, ...flags: string[]) {
  const { leftovers } = JSON.parse(await store.ok(['doctor', '--format', 'json', ...flags])) as Diagnosis;
  return leftovers.filter((each) => each.name === name);
}

/** A running container of that store on its default network, and a network of its own. */
async function inhabit(): Promise<{ id: string; pid: number }> {
  await store.ok(['--root', root, 'pull', busybox], { through: [] });
  await ok('network', 'create', 'front');
  const id = await ok('run', '-d', '--name', 'runs', '-p', '127.0.0.1::80', busybox, 'sleep', '100000');
  return { id, pid: Number(await ok('inspect', '-f', '{{.State.Pid}}', 'runs')) };
}

function killMonitor(id: string): void {
  const state = readFileSync(join(storePaths(root).run, id, 'state'), 'utf8');
  process.kill(Number(/^monitor (\d+)/m.exec(state)?.[1]), 'SIGKILL');
}

describe('system reset', () => {
  it('takes all that a store has, here and on the host, and nothing of another one', async () => {
    await store.ok(['run', '-d', '--name', 'other', busybox, 'sleep', '100000']);
    const before = { links: links(), tables: tables() };
    const { pid } = await inhabit();
    expect(bridges()).toHaveLength(3);
    writeFileSync(join(root, 'mine'), 'a file of the user');
    await ok('pause', 'runs');
    expect(await ok('system', 'reset', '-f')).toBe('');
    expect(isRunning(pid)).toBe(false);
    expect(readdirSync(root)).toEqual(['mine']);
    expect(existsSync(storePaths(root).run)).toBe(false);
    await until(() => links().length === before.links.length);
    expect({ links: links(), tables: tables() }).toEqual(before);
    expect(await store.ok(['ps', '--format', '{{.Names}}'])).toBe('other');
    await internet.remove('other');
  });

  it('asks first, and says what it takes', async () => {
    await inhabit();
    const refused = await store.skiff(['--root', root, 'system', 'reset'], { input: 'n\n' });
    expect(refused).toMatchObject({ code: 0, stderr: 'Nothing was removed.\n' });
    for (const line of [
      'all containers (1)',
      'all images (1)',
      'all networks (2)',
      'all volumes (0) with what is in them',
      root,
      storePaths(root).bridge,
    ])
      expect(refused.stdout).toContain(line);
    expect(await ok('ps', '-q')).not.toBe('');
    await store.ok(['--root', root, 'system', 'reset'], { input: 'y\n' });
    expect(readdirSync(root)).toEqual([]);
  });

  it('leaves the rules without which this host would forward for everybody', async () => {
    const { namespace } = internet.host;
    namespace.run('sysctl', '-qw', 'net.ipv4.ip_forward=0');
    await ok('network', 'create', 'front');
    await ok('system', 'reset', '-f');
    const { table } = storePaths(root);
    expect(namespace.run('nft', 'list', 'set', 'inet', table, 'uplinks4')).toContain('"up0"');
    expect(namespace.run('nft', 'list', 'set', 'inet', table, 'bridges')).not.toContain('elements');
    namespace.run('nft', 'delete', 'table', 'inet', table);
  });

  it('of nothing does nothing, and makes nothing', async () => {
    const nowhere = join(root, 'no', 'where');
    const { code, stderr } = await store.skiff(['--root', nowhere, 'system', 'reset', '-f']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `There is nothing of a store at ${nowhere}.\n` });
    expect(readdirSync(root)).toEqual([]);
    expect(existsSync(storePaths(nowhere).run)).toBe(false);
  });

  it('is refused while another command makes something, which loses nothing', async () => {
    await inhabit();
    const tmp = join(root, 'tmp', `${process.pid}-${startTime()}-abcd`);
    mkdirSync(tmp, { recursive: true });
    const { code, stderr } = await store.skiff(['--root', root, 'system', 'reset', '-f']);
    expect(code).toBe(125);
    expect(stderr).toContain('another command is making something in this store');
    rmSync(tmp, { recursive: true });
    await ok('run', '--rm', busybox, 'true');
    await ok('system', 'reset', '-f');
    expect(readdirSync(root)).toEqual([]);
  });

  it('that was killed at any moment goes on with the next one, and nothing is added in between', async () => {
    for (let round = 0; round < 12; round += 1) {
      const { pid } = await inhabit();
      const reset = store.start(['--root', root, 'system', 'reset', '-f']);
      // Not to wait for something: each round strikes a little later.
      setTimeout(() => reset.kill('SIGKILL'), 40 * round);
      await reset;
      await ok('system', 'reset', '-f');
      expect(readdirSync(root)).toEqual([]);
      expect(isRunning(pid)).toBe(false);
      expect(bridges()).toEqual([]);
      expect(existsSync(storePaths(root).run)).toBe(false);
    }
  });

  it('wins over whoever starts containers at the same time', async () => {
    await inhabit();
    const runs = Array.from({ length: 6 }, () =>
      store.skiff(['--root', root, 'run', '-d', busybox, 'sleep', '1000']),
    );
    const resets = [store.skiff(['--root', root, 'system', 'reset', '-f'])];
    for (const { stderr } of await Promise.all([...runs, ...resets]))
      expect(stderr).not.toMatch(/internal|unexpected/);
    await ok('system', 'reset', '-f');
    expect(readdirSync(root)).toEqual([]);
    expect(bridges()).toEqual([]);
  });
});

describe('a store that was deleted by hand', () => {
  it('is found by doctor, and taken off this host with --fix', async () => {
    const { id, pid } = await inhabit();
    killMonitor(id);
    rmSync(root, { recursive: true });
    const [found] = await leftover(root);
    expect(found).toMatchObject({
      kind: 'store',
      left: 'there',
      detail: expect.stringContaining(storePaths(root).bridge),
    });
    expect(bridges()).toHaveLength(2);
    expect(await leftover(root, '--fix')).toEqual([{ ...found, left: 'cleaned' }]);
    expect(isRunning(pid)).toBe(false);
    expect(bridges()).toEqual([]);
    expect(existsSync(storePaths(root).run)).toBe(false);
    expect(await leftover(root)).toEqual([]);
  });

  it('stays while its containers run, or its file system may only be away, until a reset is asked for', async () => {
    const { run } = storePaths(root);
    await inhabit();
    rmSync(root, { recursive: true });
    expect(await leftover(root, '--fix')).toMatchObject([
      { left: 'kept', reason: expect.stringContaining('containers still run') },
    ]);
    writeFileSync(join(run, 'root'), JSON.stringify({ root, device: '1' }));
    for (const id of readdirSync(run).filter((name) => /^[0-9a-f]{64}$/.test(name))) killMonitor(id);
    expect(await leftover(root, '--fix')).toMatchObject([
      { left: 'kept', reason: expect.stringContaining(`skiff --root ${root} system reset`) },
    ]);
    expect(bridges()).toHaveLength(2);
    await ok('system', 'reset', '-f');
    expect([bridges(), existsSync(root), existsSync(run)]).toEqual([[], false, false]);
  });

  it('is named when its subnets leave no room for a network', async () => {
    await ok('network', 'create', '--subnet', '10.99.0.0/24', 'lost');
    rmSync(root, { recursive: true });
    const env = { SKIFF_ADDRESS_POOLS: 'base=10.99.0.0/24,size=24' };
    for (const args of [[], ['--subnet', '10.99.0.0/25']]) {
      const { code, stderr } = await store.skiff(['network', 'create', ...args, 'new'], { env });
      expect(code).toBe(125);
      expect(stderr).toContain(`bridges of stores that are gone still hold subnets: ${root} (sk-`);
      expect(stderr).toContain('skiff doctor --fix');
    }
    await leftover(root, '--fix');
    await store.ok(['network', 'create', 'new'], { env });
    await store.ok(['network', 'rm', 'new']);
  });
});

describe('a bridge of no network', () => {
  it('is left by who was killed while removing one: doctor takes it, unless something is connected', async () => {
    const id = await store.ok(['network', 'create', 'crossed']);
    const bridge = `sk-${id.slice(0, 12)}`;
    const { namespace } = internet.host;
    const [{ ifalias, address } = {}] = namespace.ip('link', 'show', bridge);
    expect(ifalias).toBe(`${storePaths(store.root).table} ${store.root}`);
    await store.ok(['network', 'rm', 'crossed']);
    namespace.run('ip', 'link', 'add', bridge, 'address', String(address), 'type', 'bridge');
    namespace.run('ip', 'link', 'set', bridge, 'alias', String(ifalias));
    namespace.run('ip', 'link', 'add', 'busy0', 'type', 'veth', 'peer', 'name', 'busy1');
    namespace.run('ip', 'link', 'set', 'busy0', 'master', bridge);
    expect(await leftover(bridge, '--fix')).toMatchObject([{ kind: 'bridge', left: 'kept' }]);
    namespace.run('ip', 'link', 'delete', 'busy0');
    expect(await leftover(bridge, '--fix')).toMatchObject([{ kind: 'bridge', left: 'cleaned' }]);
    expect(links()).not.toContain(bridge);
  });
});

describe('the default bridge of a store that is not the default one', () => {
  it('goes with the last container, and comes again with the next', async () => {
    const { bridge } = storePaths(store.root);
    await store.ok(['run', '-d', '--name', 'one', busybox, 'sleep', '100000']);
    await store.ok(['run', '-d', '--name', 'two', busybox, 'sleep', '100000']);
    await store.ok(['stop', '-t', '0', 'one']);
    expect(links()).toContain(bridge);
    await store.ok(['stop', '-t', '0', 'two']);
    await untilGone(bridge);
    await store.ok(['network', 'ls']);
    expect(links()).not.toContain(bridge);
    await store.ok(['start', 'one']);
    expect(links()).toContain(bridge);
    await store.ok(['rm', '-f', 'one', 'two']);
    await untilGone(bridge);
  });

  it('stays while a container restarts, and goes with one whose monitor was killed', async () => {
    const { bridge } = storePaths(store.root);
    const id = await store.ok([
      'run',
      '-d',
      '--restart',
      'always',
      '--name',
      'again',
      busybox,
      'sleep',
      '0.3',
    ]);
    await until(async () => Number(await store.ok(['inspect', '-f', '{{.RestartCount}}', 'again'])) > 1);
    expect(links()).toContain(bridge);
    const state = readFileSync(join(store.runRoot, id, 'state'), 'utf8');
    await killed(Number(/^monitor (\d+)/m.exec(state)?.[1]));
    await store.ok(['rm', '-f', 'again']);
    expect(links()).not.toContain(bridge);
  });

  it('is there for every container that starts while the last one ends', async () => {
    for (let round = 0; round < 15; round += 1)
      await Promise.all(
        Array.from({ length: 4 }, () =>
          store.ok(['run', '--rm', busybox, 'sh', '-c', 'ip route | grep -q default']),
        ),
      );
    await untilGone(storePaths(store.root).bridge);
  });

  it('is not taken from under a network that is made right after the last container has ended', async () => {
    for (let round = 0; round < 10; round += 1) {
      await store.ok(['run', '--rm', busybox, 'true']);
      await store.ok(['network', 'create', 'next']);
      expect(tables()).toContain(`table inet ${storePaths(store.root).table}\n`);
      expect(links()).not.toContain(storePaths(store.root).bridge);
      await store.ok(['network', 'rm', 'next']);
      expect(tables()).toBe('');
    }
  });

  it('does not hold the file system of the store while it goes', async () => {
    const { namespace } = internet.host;
    const [nsenter = '', , mounts = ''] = namespace.enter;
    const mount = () => namespace.run('mount', '--bind', root, root);
    mount();
    // The registry is on the loopback of this machine.
    await store.ok(['--root', root, 'pull', busybox], { through: [nsenter, mounts] });
    for (let round = 0; round < 5; round += 1) {
      await ok('run', '--rm', busybox, 'true');
      namespace.run('umount', root);
      await untilGone(storePaths(root).bridge);
      mount();
    }
    namespace.run('umount', root);
  });
});

/** What takes it away is not waited for by whoever waits for the container. */
async function untilGone(bridge: string): Promise<void> {
  await until(() => !links().includes(bridge));
}

/** Field 22 of this process's /proc/PID/stat. */
function startTime(): string {
  return (
    readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19] ?? ''
  );
}
