import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { type PlannedContainer, useRoom } from '../helpers/plan.ts';

const room = useRoom();

const NAME = `skiff-native-rules-${process.pid}`;
const DEVICES_V1 = '/sys/fs/cgroup/devices';
const CPUSET_V1 = '/sys/fs/cgroup/cpuset';
const UNIFIED = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) =>
  existsSync(join(path, 'cgroup.controllers')),
);

/** A container that is in one more cgroup. */
function containerIn(version: 'v1' | 'v2', directory: string, args: string[], setup: PlanRecord[]) {
  return room.plan({
    args,
    general: [['cgroup', version, directory]],
    setup,
    teardown: [['rmdir-cgroup', directory]],
  });
}

async function outputOf(container: PlannedContainer): Promise<string> {
  const { stdout, stderr, code } = await container.run();
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.toString().trim();
}

async function failureOf(container: PlannedContainer): Promise<string> {
  const { stderr, code } = await container.run();
  expect(code).toBe(125);
  expect(container.leftovers()).toEqual([]);
  return stderr.trim();
}

/** Which of them can be opened for reading and writing, and whether one can be made. No container starts without its null. */
const openThem = [
  'sh',
  '-c',
  `for each in null zero full; do (exec 9<>/dev/$each) 2>/tmp/said && echo $each; done
   mknod /tmp/other c 1 5 2>/tmp/said && echo mknod
   (exec 9<>/tmp/other) 2>/tmp/said && echo other
   true`,
];

describe.skipIf(!existsSync(DEVICES_V1))('rules about devices (v1)', () => {
  const directory = join(DEVICES_V1, NAME);
  const write = (file: string, rule: string): PlanRecord => ['write', join(directory, file), rule];

  it('hold for the container', async () => {
    const setup = [
      write('devices.deny', 'a'),
      write('devices.allow', 'c *:* m'),
      write('devices.allow', 'c 1:3 rw'),
      write('devices.allow', 'c 1:7 r'),
    ];
    expect(await outputOf(containerIn('v1', directory, openThem, setup))).toBe('null\nmknod');
    expect(existsSync(directory)).toBe(false);
  });

  it('that the kernel does not understand fail the start', async () => {
    const setup = [write('devices.allow', 'x 1:5 rw')];
    expect(await failureOf(containerIn('v1', directory, ['true'], setup))).toBe(
      `skiff-helper: write: ${join(directory, 'devices.allow')}: Invalid argument`,
    );
    expect(existsSync(directory)).toBe(false);
  });
});

/** struct bpf_insn (linux/bpf.h): code, registers (destination, source), offset, immediate. */
function program(...instructions: [number, number, number, number, number][]): string {
  return instructions
    .map(([code, destination, source, offset, immediate]) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt8(code, 0);
      bytes.writeUInt8(destination | (source << 4), 1);
      bytes.writeInt16LE(offset, 2);
      bytes.writeInt32LE(immediate, 4);
      return bytes.toString('hex');
    })
    .join('');
}

/** Denies to open character device 1:`minor`; everything else, also to make it, is allowed. */
function denying(minor: number): string {
  return program(
    [0x61, 2, 1, 0, 0], // r2 = access_type
    [0x77, 2, 0, 0, 16], // r2 >>= 16
    [0x15, 2, 0, 6, 1], // mknod: allowed
    [0x61, 2, 1, 4, 0], // r2 = major
    [0x55, 2, 0, 4, 1],
    [0x61, 2, 1, 8, 0], // r2 = minor
    [0x55, 2, 0, 2, minor],
    [0xb7, 0, 0, 0, 0], // return 0: denied
    [0x95, 0, 0, 0, 0],
    [0xb7, 0, 0, 0, 1], // return 1: allowed
    [0x95, 0, 0, 0, 0],
  );
}

describe.skipIf(UNIFIED === undefined)('rules about devices (v2)', () => {
  const directory = join(UNIFIED ?? '', NAME);

  it('are a program of the cgroup', async () => {
    const setup: PlanRecord[] = [['device-program', directory, denying(5)]];
    expect(await outputOf(containerIn('v2', directory, openThem, setup))).toBe('null\nfull\nmknod');
    expect(existsSync(directory)).toBe(false);
  });

  it('are those of several programs, each of which must allow', async () => {
    const setup: PlanRecord[] = [
      ['device-program', directory, denying(5)],
      ['device-program', directory, denying(7)],
    ];
    expect(await outputOf(containerIn('v2', directory, openThem, setup))).toBe('null\nmknod');
  });

  it.each([
    ['has no instruction', ''],
    ['ends within an instruction', denying(3).slice(0, -2)],
    ['has other digits', `${denying(3).slice(0, -1)}z`],
    ['is refused by the verifier', program([0x95, 0, 0, 0, 0])],
  ])('whose program %s fail the start', async (_, hex) => {
    const failure = await failureOf(
      containerIn('v2', directory, ['true'], [['device-program', directory, hex]]),
    );
    expect(failure).toMatch(`skiff-helper: device-program: ${directory}: `);
    expect(existsSync(directory)).toBe(false);
  });

  it('ask for a cgroup', async () => {
    const setup: PlanRecord[] = [['device-program', join(directory, 'missing'), denying(3)]];
    expect(await failureOf(containerIn('v2', directory, ['true'], setup))).toBe(
      `skiff-helper: device-program: ${join(directory, 'missing')}: No such file or directory`,
    );
  });
});

describe.skipIf(!existsSync(CPUSET_V1))('values of a cpuset (v1)', () => {
  const directory = join(CPUSET_V1, NAME);
  const copy = (file: string): PlanRecord => ['copy-value', join(CPUSET_V1, file), join(directory, file)];

  it('are copied where there are none, so that the cgroup can be entered', async () => {
    const setup = [copy('cpuset.cpus'), copy('cpuset.mems')];
    const container = containerIn('v1', directory, ['sleep', '1000'], setup);
    expect(await container.detach()).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(`/proc/${container.state.init.pid}/cgroup`, 'utf8')).toMatch(
      new RegExp(`:cpuset:.*/${NAME}$`, 'm'),
    );
    const cpusOf = (path: string) => readFileSync(join(path, 'cpuset.cpus'), 'utf8');
    expect(cpusOf(directory)).toBe(cpusOf(CPUSET_V1));
    await container.ask('stop 9 0');
    expect(await failureOf(containerIn('v1', directory, ['true'], []))).toBe(
      `skiff-helper: cgroup: ${directory}: No space left on device`,
    );
  });

  it('are kept where there are some', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'cpuset.cpus'), '0');
    const setup = [copy('cpuset.cpus'), copy('cpuset.mems')];
    const args = ['grep', 'Cpus_allowed_list', '/proc/self/status'];
    expect(await outputOf(containerIn('v1', directory, args, setup))).toBe('Cpus_allowed_list:\t0');
    expect(existsSync(directory)).toBe(false);
  });

  it('that cannot be copied fail the start', async () => {
    const setup: PlanRecord[] = [
      ['copy-value', join(CPUSET_V1, 'cpuset.missing'), join(directory, 'cpuset.cpus')],
    ];
    expect(await failureOf(containerIn('v1', directory, ['true'], setup))).toBe(
      `skiff-helper: copy-value: ${join(directory, 'cpuset.cpus')}: No such file or directory`,
    );
  });
});
