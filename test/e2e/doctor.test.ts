import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/engine/doctor/doctor.ts';
import { storePaths } from '../../src/host/paths.ts';
import { readCgroupLayout } from '../../src/runtime/cgroup/layout.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { killed } from '../helpers/plan.ts';
import { COMMAND, cgroups, isRunning, leftovers, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const diagnosisOf = (text: string) => JSON.parse(text) as Diagnosis;

async function diagnose(...flags: string[]): Promise<Diagnosis> {
  return diagnosisOf(await store.ok(['doctor', '--format', 'json', ...flags]));
}

/** What is left of this store: other stores may leave something at the same time. */
async function leftBehind(...flags: string[]): Promise<Diagnosis['leftovers']> {
  const ids = (await store.ok(['ps', '-aq', '--no-trunc'])).split('\n');
  const { leftovers: all } = await diagnose(...flags);
  return all.filter(
    ({ kind, name }) =>
      kind === 'container' ||
      [store.root, store.runRoot].some((place) => name === place || name.startsWith(`${place}/`)) ||
      ids.some((id) => id !== '' && name.endsWith(`skiff-${id}`)),
  );
}

describe('doctor', () => {
  it('runs a container for a trial, and leaves nothing of it', async () => {
    const { works, findings } = await diagnose();
    expect(works).toBe(true);
    expect(findings[0]).toMatchObject({ topic: 'containers', name: 'trial', state: 'ok' });
    expect(leftovers(store)).toEqual([]);
    expect((await store.ok(['images', '-q'])).split('\n')).toHaveLength(1);
  });

  it('says each thing in one line, and the verdict at the end', async () => {
    const lines = (await store.ok(['doctor'])).split('\n');
    expect(lines[0]).toMatch(
      /^ok {7}containers: trial: an image was unpacked and a container run in \d+ ms$/,
    );
    const isFinding = (line: string) => !/^(left|cleaned|kept) /.test(line);
    const findings = lines.slice(0, lines.indexOf('')).filter(isFinding);
    expect(findings.filter((line) => !/^(ok|limited|missing) +[^:]+: .+: .+/.test(line))).toEqual([]);
    expect(
      findings.filter(
        (line) => /^(limited|missing)/.test(line) && !/; without it .*; to get it: /.test(line),
      ),
    ).toEqual([]);
    const summary = lines.slice(lines.indexOf('Containers can run here.') + 1);
    expect(summary.join()).toMatch(/^(Nothing was left behind by a crash\.|To clean up .*|)$/);
    expect(lines).toContain('Containers can run here.');
  });

  it('refuses a format that it does not have', async () => {
    const { code, stderr } = await store.skiff(['doctor', '--format', 'xml']);
    expect(code).toBe(125);
    expect(stderr).toContain('xml');
  });
});

describe('what crashes have left', () => {
  it('is a container whose monitor was killed: listed, and cleaned with --fix', async () => {
    await store.ok(['run', '-d', '--name', 'widow', busybox, 'sleep', '1000']);
    const [{ Id: id, State }] = JSON.parse(await store.ok(['inspect', 'widow']));
    const state = readFileSync(join(store.runRoot, id, 'state'), 'utf8');
    await killed(Number(/^monitor (\d+)/m.exec(state)?.[1]));
    const before = await store.ok(['doctor']);
    expect(before).toContain('left     container: widow: its monitor was killed\n');
    expect(before.split('\n').at(-1)).toBe('To clean up what was left behind: skiff doctor --fix');
    expect(await store.ok(['doctor', '--fix'])).toContain(
      'cleaned  container: widow: its monitor was killed\n',
    );
    expect(isRunning(State.Pid)).toBe(false);
    expect(await leftBehind()).toEqual([]);
    expect(await store.ok(['wait', 'widow'])).toBe('137');
    await store.ok(['rm', 'widow']);
    expect(leftovers(store)).toEqual([]);
  });

  it('is everything without a living owner in the store, the runtime root and the cgroups', async () => {
    const id = 'ab'.repeat(32);
    const made = [
      join(store.root, 'containers', id),
      join(store.root, 'tmp', '4194303-1-abcd'),
      join(store.root, 'trash', 'thing'),
      join(store.runRoot, id),
    ];
    for (const directory of made) mkdirSync(directory, { recursive: true });
    const lock = join(store.root, 'locks', 'left');
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, '');
    expect((await leftBehind()).map(({ kind, left }) => `${kind}: ${left}`)).toEqual([
      'runtime directory: there',
      'container directory: there',
      'temporary directory: there',
      'trash: there',
      'lock: there',
    ]);
    expect((await leftBehind('--fix')).map(({ left }) => left)).toEqual(Array(5).fill('cleaned'));
    expect(await leftBehind()).toEqual([]);
    expect(leftovers(store)).toEqual([]);
  });

  it('is what cannot be deleted of one thing, which keeps nobody else from being deleted or pulled', async () => {
    const thing = join(store.root, 'trash', 'aa', 'mounted');
    mkdirSync(thing, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'none', thing]);
    try {
      await store.ok(['run', '--name', 'later', busybox, 'true']);
      await store.ok(['rm', 'later']);
      await store.ok(['pull', busybox]);
      expect(readdirSync(join(store.root, 'trash'))).toEqual(['aa']);
      expect((await leftBehind('--fix')).map(({ kind, left }) => `${kind}: ${left}`)).toEqual([
        'trash: kept',
      ]);
    } finally {
      execFileSync('umount', [thing]);
    }
    expect((await leftBehind('--fix')).map(({ left }) => left)).toEqual(['cleaned']);
  });

  it('is an empty cgroup of no container, while one with a process in it stays', async () => {
    const hierarchy = readCgroupLayout().hierarchies.find(
      ({ version, writable, controllers }) => writable && (version === 'v2' || controllers.includes('pids')),
    );
    const cgroup = () => join(hierarchy?.directory ?? '', `skiff-${randomBytes(32).toString('hex')}`);
    const [empty, busy] = [cgroup(), cgroup()];
    const process = execa('sleep', ['1000'], { reject: false });
    try {
      for (const path of [empty, busy]) mkdirSync(path);
      writeFileSync(join(busy, 'cgroup.procs'), String(process.pid));
      const { leftovers: found } = await diagnose('--fix');
      expect(found.filter(({ name }) => name === busy)).toMatchObject([{ kind: 'cgroup', left: 'kept' }]);
      // Another store's doctor may have seen it first.
      for (const one of found.filter(({ name }) => name === empty))
        expect(one).toMatchObject({ kind: 'cgroup', left: 'cleaned' });
      expect(cgroups()).not.toContain(empty);
      expect(isRunning(process.pid ?? 0)).toBe(true);
    } finally {
      process.kill('SIGKILL');
      await process;
      await diagnose('--fix');
    }
    expect(cgroups()).not.toContain(busy);
  });

  it('is neither what a running container has nor what one with --rm had', async () => {
    await store.ok(['run', '--rm', busybox, 'true']);
    await store.ok(['run', '-d', '--name', 'alive', busybox, 'sleep', '1000']);
    expect(await leftBehind('--fix')).toEqual([]);
    expect(await store.ok(['ps', '--no-trunc'])).toContain('alive');
    await store.ok(['rm', '-f', 'alive']);
  });
});

describe('in a place with less rights', () => {
  async function diagnoseUnder(
    ...prefix: string[]
  ): Promise<{ code: number | undefined; diagnosis: Diagnosis }> {
    const [file = '', ...args] = [...prefix, ...COMMAND, '--root', store.root, 'doctor', '--format', 'json'];
    const { exitCode, stdout, stderr } = await execa(file, args, { reject: false });
    if (stdout === '') throw new Error(String(stderr));
    return { code: exitCode, diagnosis: diagnosisOf(String(stdout)) };
  }

  it('the exit code is 1, and the missing capability is named', async () => {
    const { code, diagnosis } = await diagnoseUnder(
      'setpriv',
      '--bounding-set=-sys_admin',
      '--inh-caps=-sys_admin',
    );
    expect(code).toBe(1);
    expect(diagnosis.works).toBe(false);
    expect(diagnosis.findings[0]).toMatchObject({
      name: 'trial',
      state: 'missing',
      cost: 'no container can run',
    });
    expect(diagnosis.findings).toContainEqual(
      expect.objectContaining({ name: 'CAP_SYS_ADMIN', state: 'missing' }),
    );
  });

  it('read-only cgroups cost limits and device rules, but no container', async () => {
    const hierarchies = readCgroupLayout().hierarchies.map(({ directory }) => directory);
    const script = `for d in ${hierarchies.join(' ')}; do mount -o remount,bind,ro "$d"; done; exec "$@"`;
    const { code, diagnosis } = await diagnoseUnder(
      ...['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh'],
    );
    expect(code).toBe(0);
    const cgroup = (name: string) =>
      diagnosis.findings.find((finding) => finding.topic === 'cgroups' && finding.name === name);
    for (const name of ['memory', 'pids', 'devices']) {
      expect(cgroup(name)).toMatchObject({ state: 'limited', detail: expect.stringContaining('read-only') });
    }
  });

  it('an ordinary user is told to use sudo', async () => {
    // One who may look everywhere, wherever the executable lies.
    const look = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const { code, diagnosis } = await diagnoseUnder('setpriv', '--reuid=65534', '--clear-groups', ...look);
    expect(code).toBe(1);
    expect(diagnosis.findings).toContainEqual(
      expect.objectContaining({ topic: 'rights', state: 'missing', remedy: 'run it with sudo' }),
    );
  });

  it('a store of a later version is named as the reason', async () => {
    const root = join(store.root, 'later');
    await store.ok(['--root', root, 'ps']);
    const database = new DatabaseSync(join(root, 'state.db'));
    database.exec('PRAGMA user_version = 1000');
    database.close();
    const { code, stdout } = await store.skiff(['--root', root, 'doctor', '--format', 'json']);
    expect(code).toBe(1);
    expect(diagnosisOf(stdout).findings).toContainEqual(
      expect.objectContaining({ topic: 'store', name: 'records', state: 'missing' }),
    );
    rmSync(root, { recursive: true });
  });

  it('a store on overlay works, and its cost is named', async () => {
    const directory = join(store.root, 'overlay');
    const places = ['lower', 'upper', 'work', 'root'].map((name) => join(directory, name));
    for (const place of places) mkdirSync(place, { recursive: true });
    const [lower, upper, work, root] = places;
    const script = `mount -t overlay -o lowerdir=${lower},upperdir=${upper},workdir=${work} overlay ${root}; exec "$@"`;
    const [file = '', ...args] = [
      ...['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh'],
      ...[...COMMAND, '--root', `${root}/store`, 'doctor', '--format', 'json'],
    ];
    const { exitCode, stdout } = await execa(file, args, { reject: false });
    rmSync(directory, { recursive: true });
    rmSync(storePaths(`${root}/store`).run, { recursive: true, force: true });
    const { findings, works } = diagnosisOf(String(stdout));
    expect(findings).toContainEqual(
      expect.objectContaining({
        name: `${root}/store`,
        state: 'limited',
        detail: `on overlay (${root})`,
        cost: expect.stringContaining('a copy of their image'),
      }),
    );
    expect({ exitCode, works }).toEqual({ exitCode: 0, works: true });
  });
});
