import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { builtProgram } from '../helpers/built-program.ts';
import { HELPER, useRoom } from '../helpers/plan.ts';

const room = useRoom();

/** The record of an overlay of `count` layers on top of busybox; layer 0 is the topmost. */
function layered(name: string, count: number): PlanRecord {
  const at = (part: string): string => {
    const directory = join(room.root, name, part);
    mkdirSync(directory, { recursive: true });
    return directory;
  };
  const lowers = Array.from({ length: count }, (_, i) => {
    const layer = at(`layer:${i},`);
    writeFileSync(join(layer, 'top'), `${i}\n`);
    writeFileSync(join(layer, `only-${i}`), '');
    return layer;
  });
  return ['overlay', at('root'), at('upper'), at('work'), 'nodev,index=off', ...lowers, room.layer];
}

/** Lines that overlay wrote into the kernel's log about options that it does not know. */
function complaints(): number {
  const log = execFileSync('dmesg', { encoding: 'utf8', maxBuffer: 64 << 20 });
  return log.split('\n').filter((line) => line.includes('overlayfs: unrecognized mount option')).length;
}

describe('the root file system', () => {
  it('is mounted without a complaint in the kernel’s log, whatever the kernel knows', async () => {
    const before = complaints();
    expect((await room.plan({ args: ['true'] }).run()).code).toBe(0);
    expect(complaints()).toBe(before);
  });

  it('comes from any number of layers also on kernels that take them in one string only', async () => {
    const script = 'grep -o "lowerdir=[0-9]*:[0-9]*" /proc/mounts; cat /top; ls / | grep -c only';
    const container = room.plan({
      args: ['sh', '-c', script],
      // It covers what was mounted on the default root.
      init: [
        layered('one-string', 300),
        ['mount', 'proc', 'proc', '/proc', '', ''],
        ['mount', 'tmpfs', 'tmpfs', '/dev', '', ''],
        ['node', '/dev/null', 'c', '1', '3', '666', '0', '0'],
      ],
      helper: builtProgram('unread-options'),
      env: { PROGRAM: HELPER },
      showsCgroups: false, // v1's controllers are flags as well
    });
    const { stdout, stderr, code } = await container.run();
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout.toString()).toMatch(/^lowerdir=\d+:\d+\n0\n300\n$/);
  });
});
