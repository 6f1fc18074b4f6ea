import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CgroupPlan } from '../../../src/runtime/cgroup.ts';
import type { ContainerOptions } from '../../../src/runtime/options.ts';
import { compilePlan } from '../../../src/runtime/plan.ts';
import { decodePlan, encodePlan, type PlanRecord } from '../../../src/runtime/plan-encode.ts';
import { createSpec } from '../../../src/runtime/spec.ts';
import { containerOptions, ID } from './container-options.ts';

const CGROUP: CgroupPlan = {
  directories: [
    { version: 'v1', path: '/cg/memory/x' },
    { version: 'v1', path: '/cg/pids/x' },
  ],
  setup: [['write', '/cg/pids/x/pids.max', '10']],
  mount: { version: 'v1', names: ['memory', 'pids'] },
};

/** A line of native/ops.def. */
const OPERATION = /^OP\(\w+, "([^"]+)", (\w+), (\d+), (\d+|ANY)\)/gm;

function plan(changes: Partial<ContainerOptions> = {}, cgroup = CGROUP): PlanRecord[] {
  const options = containerOptions(changes);
  const spec = createSpec(options, { thermalThrottlePaths: [], cpus: () => 2, openFiles: 4096 });
  return compilePlan(spec, { ...options, cgroup, failure: ['/bin/skiff', 'explain-failure', ID] });
}

function section(records: readonly PlanRecord[], name: string): PlanRecord[] {
  const rest = records.slice(records.findIndex(([op]) => op === name) + 1);
  const end = rest.findIndex(
    ([op, ...args]) => args.length === 0 && ['init', 'process', 'teardown'].includes(op),
  );
  return end < 0 ? rest : rest.slice(0, end);
}

function withOp(records: readonly PlanRecord[], op: string): PlanRecord[] {
  return records.filter(([name]) => name === op);
}

describe('compilePlan', () => {
  it('begins with what the monitor needs to know', () => {
    expect(plan().slice(0, 7)).toEqual([
      ['id', ID],
      ['rundir', `/run/skiff/${ID}`],
      ['exit-record', `/store/containers/${ID}/exit`],
      ['log', '/store/log', '10000000', '3'],
      ['stdin', 'null'],
      ['stop', '15', '10000'],
      ['failure', '/bin/skiff', 'explain-failure', ID],
    ]);
  });

  it('joins a cgroup in each hierarchy, and sets limits before the first process starts', () => {
    expect(withOp(plan(), 'cgroup')).toEqual([
      ['cgroup', 'v1', '/cg/memory/x'],
      ['cgroup', 'v1', '/cg/pids/x'],
    ]);
    expect(section(plan(), 'setup')).toEqual([['write', '/cg/pids/x/pids.max', '10']]);
  });

  it('stacks the layers topmost first, without working device nodes', () => {
    expect(withOp(plan(), 'overlay')).toEqual([
      [
        'overlay',
        '/store/rootfs',
        '/store/upper',
        '/store/work',
        'nodev',
        '/store/layers/top',
        '/store/layers/base',
      ],
    ]);
  });

  it('takes the upper directory alone for an image without layers', () => {
    const records = plan({ rootfs: { ...containerOptions().rootfs, lowers: [] } });
    expect(withOp(records, 'bind-root')).toEqual([['bind-root', '/store/upper']]);
    expect(withOp(records, 'overlay')).toEqual([]);
  });

  it('has only records that the helper knows, each in its section and with as many arguments', () => {
    const text = readFileSync(new URL('../../../native/ops.def', import.meta.url), 'utf8');
    const known = new Map<string, { section: string; least: number; most: number }>();
    for (const [, op = '', section = '', least, most] of text.matchAll(OPERATION)) {
      known.set(op, { section, least: Number(least), most: most === 'ANY' ? Infinity : Number(most) });
    }
    const rootfs = { ...containerOptions().rootfs, readOnly: true };
    const autoRemove = { goneMark: '/gone', trash: '/trash' };
    const identity = { ...containerOptions().identity, autoRemove };
    let section = 'GENERAL';
    for (const [op, ...args] of plan({ rootfs, identity })) {
      if (['setup', 'init', 'process', 'teardown'].includes(op)) section = op.toUpperCase();
      const { least, most } = known.get(op) ?? { least: Infinity, most: 0 };
      expect({ op, section: known.get(op)?.section }).toEqual({ op, section });
      expect(args.length, op).toBeGreaterThanOrEqual(least);
      expect(args.length, op).toBeLessThanOrEqual(most);
    }
  });

  it('splits mount options into flags and data', () => {
    const mounts = withOp(plan(), 'mount');
    expect(mounts[0]).toEqual(['mount', 'proc', 'proc', '/proc', 'nosuid,noexec,nodev,mkdir', '']);
    expect(mounts[1]).toEqual(['mount', 'tmpfs', 'tmpfs', '/dev', 'nosuid,mkdir', 'mode=755,size=65536k']);
    expect(mounts[2]?.at(-1)).toBe('newinstance,ptmxmode=0666,mode=0620,gid=5');
    expect(mounts.map(([, , , target]) => target)).toEqual([
      '/proc',
      '/dev',
      '/dev/pts',
      '/dev/shm',
      '/dev/mqueue',
      '/sys',
    ]);
  });

  it('mounts first, then hides, and closes the root at the very end', () => {
    const rootfs = { ...containerOptions().rootfs, readOnly: true };
    const ops = section(plan({ rootfs }), 'init').map(([op]) => op);
    const order = ops.filter((op, index) => op !== ops[index - 1]);
    expect(order).toEqual([
      'propagation',
      'overlay',
      'mount',
      'cgroup-mount',
      'bind',
      'node',
      'symlink',
      'hostname',
      'loopback',
      'sysctl',
      'pivot',
      'mask',
      'readonly',
      'root-readonly',
    ]);
  });

  it('shows the container those hierarchies that it joined, or none', () => {
    expect(withOp(plan(), 'cgroup-mount')).toEqual([
      ['cgroup-mount', '/sys/fs/cgroup', 'v1', 'memory', 'pids'],
    ]);
    expect(withOp(plan({}, { directories: [], setup: [], mount: undefined }), 'cgroup-mount')).toEqual([]);
  });

  it('makes device nodes that everyone can use', () => {
    expect(withOp(plan(), 'node')[0]).toEqual(['node', '/dev/null', 'c', '1', '3', '666']);
  });

  it("executes the command with the environment, the user, and Docker's mask of new files", () => {
    const records = section(
      plan({ process: { argv: ['a', ''], env: [], cwd: '/srv', user: 'app:staff' } }),
      'process',
    );
    expect(records).toEqual([
      ['arg', 'a'],
      ['arg', ''],
      ['env', expect.stringMatching(/^PATH=/)],
      ['env', 'HOSTNAME=box'],
      ['cwd', '/srv'],
      ['user', 'app:staff'],
      ['umask', '0022'],
      ['rlimit', '7', '1024', '4096'],
      // Docker's a80425fb without CAP_MKNOD.
      ['capabilities', 'a00425fb', 'a00425fb', '0', 'a00425fb', '0'],
    ]);
  });

  it('shares the network of the host by making no namespace and no loopback', () => {
    const records = plan({ isolation: { hostname: 'box', network: 'host' } });
    expect(withOp(records, 'namespace').map(([, type]) => type)).toEqual([
      'mount',
      'pid',
      'uts',
      'ipc',
      'cgroup',
    ]);
    expect(withOp(records, 'loopback')).toEqual([]);
    expect(withOp(plan(), 'namespace').at(-1)).toEqual(['namespace', 'net']);
  });

  it('keeps the files of a container that ended', () => {
    expect(section(plan(), 'teardown')).toEqual([
      ['rmdir-cgroup', '/cg/memory/x'],
      ['rmdir-cgroup', '/cg/pids/x'],
    ]);
  });

  it('removes those of a --rm container, and only then says that it is gone', () => {
    const autoRemove = { goneMark: '/run/skiff/gone/x', trash: '/store/trash' };
    const identity = { ...containerOptions().identity, autoRemove };
    expect(section(plan({ identity }), 'teardown').slice(2)).toEqual([
      ['remove-tree', `/store/containers/${ID}`, '/store/trash'],
      ['touch', '/run/skiff/gone/x'],
    ]);
  });
});

describe('encodePlan', () => {
  it('writes NUL-terminated fields behind a header', () => {
    const bytes = encodePlan([['id', 'x'], ['setup'], ['env', 'ä=']]);
    expect(Buffer.from(bytes).toString('utf8')).toBe(
      'skiff-plan\x001\x001\x00id\x001\x00x\x00setup\x000\x00env\x001\x00ä=\x00',
    );
  });

  it('gives back what it wrote, empty arguments included', () => {
    const records = plan({ process: { argv: ['a', '', 'b\nc'], env: ['E='], cwd: '/', user: '' } });
    expect(decodePlan(encodePlan(records))).toEqual(records);
  });

  it.each([
    [['arg', 'a\0b'], 'the command contains a NUL byte: "a\\u0000b"'],
    [['env', 'A=\0'], 'the environment contains a NUL byte'],
    [['cwd', '/\0'], 'the working directory contains a NUL byte'],
  ] as const)('refuses a NUL byte in %j and says where it is', (record, message) => {
    expect(() => encodePlan([record])).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    '',
    'skiff-plan\x001\x002\x00',
    'skiff-plan\x001\x001\x00id\x002\x00x\x00',
    'skiff-plan\x001\x001',
  ])('does not take %j for a plan', (text) => {
    expect(() => decodePlan(Buffer.from(text))).toThrow('not a plan');
  });
});
