import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileExecPlan, type ExecOptions } from '../../../../src/runtime/plan/exec.ts';
import type { PlanRecord } from '../../../../src/runtime/record.ts';

const OPS = readFileSync(resolve(import.meta.dirname, '../../../../native/ops.def'), 'utf8');

const CONTAINER: readonly PlanRecord[] = [
  ['id', 'c0ffee'],
  ['rundir', '/run/skiff/c0ffee'],
  ['exit-record', '/var/lib/skiff/containers/c0ffee/exit'],
  ['log', 'json-file', '/log', '0', '1', 'plain'],
  ['stdin', 'open'],
  ['stop', '15', '10000'],
  ['failure', '/bin/skiff', 'explain-failure'],
  ['events', '/events.log', '"name":"x"'],
  ['restart', 'always', '0'],
  ['namespace', 'pid'],
  ['seccomp', '/seccomp/default', ''],
  ['label', 'apparmor', 'docker-default'],
  ['cgroup', 'v2', '/sys/fs/cgroup/skiff-c0ffee'],
  ['monitor-cgroup', 'v2', '/sys/fs/cgroup/skiff-c0ffee.monitor', '/sys/fs/cgroup'],
  ['setup'],
  ['write', '/sys/fs/cgroup/skiff-c0ffee/pids.max', '10'],
  ['init'],
  ['pivot'],
  ['process'],
  ['arg', 'serve'],
  ['env', 'PATH=/bin'],
  ['env', 'COLOUR=grey'],
  ['cwd', '/srv'],
  ['user', '5'],
  ['group', 'sail'],
  ['reaper'],
  ['umask', '0022'],
  ['rlimit', '7', '100', '100'],
  ['capabilities', 'ff', '0', '0', '0', '0'],
  ['no-new-privileges'],
  ['teardown'],
  ['rmdir-cgroup', '/sys/fs/cgroup/skiff-c0ffee'],
];

const OPTIONS: ExecOptions = {
  exitRecord: '/run/skiff/c0ffee/exec/e1',
  target: { pid: 7, startTime: 70 },
  argv: ['sh', '-c', 'true'],
  env: [],
  privileged: false,
  stdin: false,
  terminal: false,
  failure: ['/bin/skiff', 'explain'],
};

const compile = (options: Partial<ExecOptions> = {}) =>
  compileExecPlan(CONTAINER, { ...OPTIONS, ...options });
const of = (records: readonly PlanRecord[], op: string) =>
  records.filter(([name]) => name === op).map(([, ...args]) => args.join(' '));

describe('the plan of exec', () => {
  it('has what confines the container, and nothing that makes or ends it', () => {
    expect(compile()).toEqual([
      ['id', 'c0ffee'],
      ['rundir', '/run/skiff/c0ffee'],
      ['exit-record', '/run/skiff/c0ffee/exec/e1'],
      ['target', '7', '70'],
      ['stdin', 'null'],
      ['failure', '/bin/skiff', 'explain'],
      ['events', '/events.log', '"name":"x"'],
      ['seccomp', '/seccomp/default', ''],
      ['label', 'apparmor', 'docker-default'],
      ['cgroup', 'v2', '/sys/fs/cgroup/skiff-c0ffee'],
      ['monitor-cgroup', 'v2', '/sys/fs/cgroup/skiff-c0ffee.monitor', '/sys/fs/cgroup'],
      ['setup'],
      ['init'],
      ['process'],
      ['arg', 'sh'],
      ['arg', '-c'],
      ['arg', 'true'],
      ['env', 'PATH=/bin'],
      ['env', 'COLOUR=grey'],
      ['cwd', '/srv'],
      ['user', '5'],
      ['group', 'sail'],
      ['umask', '0022'],
      ['rlimit', '7', '100', '100'],
      ['no-new-privileges'],
      ['capabilities', 'ff', '0', '0', '0', '0'],
      ['teardown'],
    ]);
  });

  it('takes what is asked for in the place of what the container has', () => {
    const plan = compile({ cwd: '/', user: 'root', env: ['COLOUR=blue', 'NEW='], stdin: true });
    expect(of(plan, 'env')).toEqual(['PATH=/bin', 'COLOUR=blue', 'NEW=']);
    expect(of(compile({ env: ['COLOUR', 'NOT_THERE'] }), 'env')).toEqual(['PATH=/bin']);
    expect([of(plan, 'cwd'), of(plan, 'user'), of(plan, 'stdin')]).toEqual([['/'], ['root'], ['open']]);
  });

  it('gives back to root what a container of another user has only as a bound', () => {
    expect(of(compile({ user: '0' }), 'capabilities')).toEqual(['ff ff 0 ff 0']);
  });

  it('leaves nothing of the container out but what makes, watches and ends it', () => {
    const every = [...OPS.matchAll(/^OP\(\w+, "([\w-]+)", (GENERAL|PROCESS), (\d+)/gm)];
    const all = every.map(([, op = '', , least]): PlanRecord => [op, ...Array(Number(least)).fill('1')]);
    const plan = compileExecPlan([...all, ['teardown']], { ...OPTIONS, terminal: true });
    const ops = new Set(plan.map(([op]) => op));
    expect(all.map(([op]) => op).filter((op) => !ops.has(op))).toEqual([
      ...['skiff-plan', 'log', 'log-attribute', 'log-compress', 'restart', 'timeout'],
      ...['health', 'health-cgroup', 'health-arg', 'volume', 'stop'],
      ...['namespace', 'join', 'uid-map', 'gid-map', 'time-offset'],
      ...['networks', 'ports', 'firewall', 'repair', 'last-out', 'resolver'],
      'reaper',
    ]);
  });

  it('has TERM on a terminal unless the container has one', () => {
    expect(of(compile({ terminal: true }), 'env')).toContain('TERM=xterm');
    const own = compileExecPlan([...CONTAINER, ['env', 'TERM=dumb']], { ...OPTIONS, terminal: true });
    expect(of(own, 'env')).toContain('TERM=dumb');
    expect(of(compile(), 'env').join()).not.toContain('TERM');
  });

  it('has all capabilities and no filter when privileged, but no new privileges where the container has none', () => {
    const plan = compile({ privileged: true, user: '0' });
    expect(of(plan, 'seccomp')).toEqual([]);
    expect(of(plan, 'capabilities')).toEqual(['1ffffffffff 1ffffffffff 0 1ffffffffff 0']);
    expect(of(plan, 'no-new-privileges')).toEqual(['']);
  });
});
