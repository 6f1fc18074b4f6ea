import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodePlan, type PlanRecord } from '../../src/runtime/record.ts';
import { makeLayer, useRoom, type Wishes } from '../helpers/plan.ts';

const room = useRoom();
const { ENOENT, EACCES, EINVAL, ENOEXEC, ELOOP, ENODEV, ENOTDIR, EISDIR, EPERM, ENAMETOOLONG } =
  constants.errno;
let layer: string;

beforeAll(() => {
  layer = join(room.root, 'odd');
  makeLayer(layer);
  writeFileSync(join(layer, 'bin/plain'), 'x');
  writeFileSync(join(layer, 'bin/noformat'), 'x');
  writeFileSync(join(layer, 'bin/nointerpreter'), '#!/no/such/thing\n');
  for (const name of ['noformat', 'nointerpreter']) chmodSync(join(layer, 'bin', name), 0o755);
  chmodSync(join(layer, 'bin/plain'), 0o644);
  symlinkSync('loop', join(layer, 'bin/loop'));
});

/** Runs what cannot start; resolves to the arguments that the command explaining it was given. */
async function failure(wishes: Partial<Wishes>): Promise<[stage: string, errno: number, detail: string]> {
  const explain = ['/bin/sh', '-c', 'printf "%s\\n" "$VAR" "$@"; exit 42', 'explain'];
  const container = room.plan({ args: ['true'], layer, failure: explain, env: { VAR: 'kept' }, ...wishes });
  const { stdout, stderr, code } = await container.run();
  const [environment, stage = '', errno, detail = ''] = stdout.toString().split('\n');
  expect([environment, stderr, code]).toEqual(['kept', '', 42]);
  expect(container.leftovers()).toEqual([]);
  expect(existsSync(container.path('exit'))).toBe(false);
  return [stage, Number(errno), detail];
}

const init = (...record: PlanRecord): Partial<Wishes> => ({ init: [record] });
const hidden = (...record: PlanRecord): Partial<Wishes> => ({ afterPivot: [record] });
const process_ = (...record: PlanRecord): Partial<Wishes> => ({ process: [record] });

describe('a step that fails is reported by name, errno and object, and everything before it is undone', () => {
  it('a cgroup with too long a name, which keeps nothing from being taken away', async () => {
    const path = `/sys/fs/cgroup/${'x'.repeat(5000)}`;
    const teardown: PlanRecord[] = [
      ['rmdir-cgroup', path],
      ['vacate-cgroup', path, '/sys/fs/cgroup'],
    ];
    const [stage, errno, detail] = await failure({ general: [['cgroup', 'v1', path]], teardown });
    expect([stage, errno, path.startsWith(detail)]).toEqual(['cgroup', ENAMETOOLONG, true]);
  });

  it.each<[string, Partial<Wishes>, number, string]>([
    ['cgroup', { general: [['cgroup', 'v1', '/proc/none']] }, ENOENT, '/proc/none'],
    ['mkdir', { setup: [['mkdir', '/no/such/place', '755']] }, ENOENT, '/no/such/place'],
    ['write', { setup: [['write', '/no/such/file', '1']] }, ENOENT, '/no/such/file'],
    ['log', { general: [['log', 'json-file', '/no/such/log', '0', '1', 'plain']] }, ENOENT, '/no/such/log'],
    ['propagation', init('propagation', 'sideways'), EINVAL, 'sideways'],
    ['overlay', init('overlay', '/no/root', '/no/upper', '/no/work', '', '/no/layer'), ENOENT, '/no/upper'],
    ['bind-root', init('bind-root', '/no/place', '/no/root', ''), ENOENT, '/no/root'],
    ['mount', init('mount', 'nofs', 'x', '/tmp', '', ''), ENODEV, '/tmp'],
    ['mount', init('mount', 'tmpfs', 'x', '/tmp', '', 'sails=2'), EINVAL, '/tmp'],
    ['mount', init('mount', 'tmpfs', 'x', '/tmp', 'sailing', ''), EINVAL, '/tmp'],
    ['mount', init('mount', 'tmpfs', 'x', '/missing', '', ''), ENOENT, '/missing'],
    ['bind-source', init('bind', '/no/source', '/tmp', ''), ENOENT, '/no/source'],
    ['bind', init('bind', '/', '/missing', ''), ENOENT, '/missing'],
    ['mount', init('mount', 'tmpfs', 'x', '/etc/passwd', '', ''), ENOTDIR, '/etc/passwd'],
    ['bind', init('bind', '/', '/etc/passwd', ''), ENOTDIR, '/etc/passwd'],
    ['bind', init('bind', '/etc/passwd', '/tmp', ''), EISDIR, '/tmp'],
    ['bind-source', hidden('bind', '/bin', '/tmp', ''), EINVAL, '/bin'],
    ['node', init('node', '/dev/x', 'p', '1', '3', '666', '0', '0'), EINVAL, '/dev/x'],
    ['symlink', init('symlink', '/etc/passwd/x', 'y'), ENOTDIR, '/etc/passwd/x'],
    ['hostname', init('hostname', 'x'.repeat(65)), EINVAL, 'x'.repeat(65)],
    ['domainname', init('domainname', 'x'.repeat(65)), EINVAL, 'x'.repeat(65)],
    ['sysctl', init('sysctl', 'net.no.such', '1'), ENOENT, 'net.no.such'],
    ['sysctl', init('sysctl', '../../etc/passwd', '1'), EINVAL, '../../etc/passwd'],
    ['cgroup-mount', init('cgroup-mount', '/bin/sh', 'v1', 'ro'), ELOOP, '/bin/sh'],
    ['mask', init('mask', '/bin/../bin/loop'), ELOOP, '/bin/../bin/loop'],
    ['user', process_('user', 'nobody-here'), ENOENT, 'nobody-here'],
    ['group', process_('user', 'root:nowhere'), ENOENT, 'nowhere'],
    ['cwd', process_('cwd', '/etc/passwd'), ENOTDIR, '/etc/passwd'],
    ['cwd', process_('cwd', '/etc/passwd/x'), ENOTDIR, '/etc/passwd/x'],
    ['capabilities', process_('capabilities', 'x', '0', '0', '0', '0'), EINVAL, 'x'],
    ['rlimit', process_('rlimit', '7', '10', '5'), EINVAL, '7'],
    ['oom-score-adj', process_('oom-score-adj', '5000'), EINVAL, '5000'],
    ['exec', { args: ['nothing'] }, ENOENT, 'nothing'],
    ['exec', { args: ['/no/such'] }, ENOENT, '/no/such'],
    ['exec', { args: [''] }, ENOENT, ''],
    ['exec', { args: ['/etc'] }, EACCES, '/etc'],
    ['exec', { args: ['plain'] }, EACCES, 'plain'],
    ['exec', { args: ['noformat'] }, ENOEXEC, 'noformat'],
    ['exec-interpreter', { args: ['nointerpreter'] }, ENOENT, '/bin/nointerpreter'],
    ['exec-interpreter', { args: ['/bin/nointerpreter'] }, ENOENT, '/bin/nointerpreter'],
  ])('%s', async (stage, wishes, errno, detail) => {
    expect(await failure(wishes)).toEqual([stage, errno, detail]);
  });

  it('the lock, when the plan has a monitor already', async () => {
    const container = room.plan({ args: ['sleep', '100'] });
    await container.detach();
    expect(await container.detach()).toMatchObject({
      code: 125,
      stderr: `skiff-helper: lock: ${container.id}: Resource temporarily unavailable\n`,
    });
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
  });

  it('in words, when nobody is named who explains it', async () => {
    const container = room.plan({ args: ['nothing'] });
    expect(await container.run()).toMatchObject({
      code: 125,
      stderr: 'skiff-helper: exec: nothing: No such file or directory\n',
    });
    const gone = room.plan({ args: ['nothing'], failure: ['/no/such/command'] });
    expect(await gone.detach()).toMatchObject({
      code: 125,
      stderr: 'skiff-helper: exec: nothing: No such file or directory\n',
    });
  });
});

describe('a plan is refused', () => {
  const base = (id: string, directory: string): PlanRecord[] => [
    ['id', id],
    ['rundir', directory],
    ['exit-record', join(directory, 'exit')],
  ];
  const sections: PlanRecord[] = [['setup'], ['init'], ['process'], ['arg', 'true'], ['teardown']];

  it.each<[string, (plan: PlanRecord[]) => Uint8Array, string]>([
    ['that is empty', () => new Uint8Array(), ''],
    ['that is something else', () => Buffer.from('hello\0'), 'hello'],
    ['without an end', (plan) => encodePlan(plan).subarray(0, -1), ''],
    ['that is cut off', (plan) => encodePlan(plan).subarray(0, -2), 'teardown'],
    ['with an unknown record', (plan) => encodePlan([['dance'], ...plan]), 'dance'],
    ['with a record in the wrong section', (plan) => encodePlan([['pivot'], ...plan]), 'pivot'],
    ['with too few arguments', (plan) => encodePlan([['stop', '1'], ...plan]), 'stop'],
    ['without a section', (plan) => encodePlan(plan.filter(([op]) => op !== 'setup')), 'init'],
    ['without an id', (plan) => encodePlan(plan.filter(([op]) => op !== 'id')), 'id'],
    ['with a namespace that is none', (plan) => encodePlan([['namespace', 'sea'], ...plan]), 'sea'],
    [
      'that would mount on the host',
      (plan) => encodePlan(plan.flatMap((r) => (r[0] === 'init' ? [r, ['pivot']] : [r])) as PlanRecord[]),
      'pivot',
    ],
    [
      'that would name the host',
      (plan) =>
        encodePlan(plan.flatMap((r) => (r[0] === 'init' ? [r, ['hostname', 'x']] : [r])) as PlanRecord[]),
      'hostname',
    ],
  ])('%s', async (_, encode, detail) => {
    const container = room.plan({ args: ['true'] });
    writeFileSync(container.planPath, encode([...base(container.id, container.runDir), ...sections]));
    const result = await container.run();
    rmSync(container.runDir, { recursive: true });
    expect(result).toMatchObject({
      code: 125,
      stderr: `skiff-helper: plan: ${detail === '' ? container.planPath : detail}: Invalid argument\n`,
    });
  });

  it.each([0o620, 0o602])('that others than its owner may write (mode %o)', async (mode) => {
    const container = room.plan({ args: ['true'] });
    chmodSync(container.planPath, mode);
    const result = await container.run();
    rmSync(container.runDir, { recursive: true });
    expect(result).toMatchObject({
      code: 125,
      stderr: `skiff-helper: plan: ${container.planPath}: Operation not permitted\n`,
    });
  });

  it('whose filter others may write', async () => {
    const filter = join(room.root, 'filter.bpf');
    writeFileSync(filter, Buffer.from('06000000 0000ff7f'.replace(' ', ''), 'hex'));
    chmodSync(filter, 0o622);
    const general: PlanRecord[] = [['seccomp', filter, '']];
    expect(await failure({ general })).toEqual(['seccomp', EPERM, filter]);
    chmodSync(filter, 0o644);
    expect(await room.plan({ args: ['true'], general }).run()).toMatchObject({ code: 0 });
  });
});

describe('the list of stages', () => {
  it('has every stage once', () => {
    const text = readFileSync(resolve(import.meta.dirname, '../../native/stages.def'), 'utf8');
    const names = [...text.matchAll(/^STAGE\(\w+, "([\w-]+)"\)/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(40);
    expect(new Set(names).size).toBe(names.length);
  });
});
