import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { builtProgram } from '../helpers/built-program.ts';
import { tries } from '../helpers/long.ts';
import { makeLayer, printed, useRoom } from '../helpers/plan.ts';

/** Attacks that need a race, or a state of the root file system that only a sharing container could make. */

const room = useRoom();

/** While `body` runs, a process exchanges two names without end. */
async function whileSwapping(a: string, b: string, body: () => Promise<void>): Promise<void> {
  const child = spawn(builtProgram('swap'), [a, b], { stdio: ['ignore', 'pipe', 'inherit'] });
  await printed(child, 'swapping');
  try {
    await body();
    expect(child.exitCode).toBe(null);
  } finally {
    const ended = new Promise((done) => child.once('close', done));
    child.kill('SIGKILL');
    await ended;
  }
}

describe('CVE-2021-30465: a mount whose target is exchanged for a link meanwhile', () => {
  it('lands below the container’s root every time', async () => {
    const shared = join(room.root, 'shared');
    mkdirSync(join(shared, 'place/deep'), { recursive: true });
    // Followed on the host it leads to a directory of that name there.
    mkdirSync(join(room.root, 'outside/deep'), { recursive: true });
    symlinkSync(join(room.root, 'outside'), join(shared, 'link'));
    const init: PlanRecord[] = [
      ['bind', shared, '/shared', 'rec,mkdir'],
      ['mount', 'tmpfs', 'needle', '/shared/place/deep', 'mkdir', 'size=4096'],
    ];
    const layer = join(room.root, 'with-outside');
    makeLayer(layer);
    mkdirSync(join(layer, room.root.slice(1), 'outside/deep'), { recursive: true });
    const outcomes = new Set<string>();
    await whileSwapping(join(shared, 'place'), join(shared, 'link'), async () => {
      for (let round = 0; round < 60; round++) {
        const args = ['sh', '-c', 'grep -c " - tmpfs needle " /proc/self/mountinfo'];
        const { stdout, code } = await room.plan({ args, layer, init }).run();
        // 125: it was a link at a moment when none may be; otherwise the mount is there, visible from inside.
        outcomes.add(code === 125 ? 'refused' : stdout.toString().trim());
      }
    });
    expect([...outcomes].filter((outcome) => outcome !== 'refused')).toEqual(['1']);
  });
});

describe('CVE-2025-31133: /dev/null as something else', () => {
  it.each([
    ['a link', [['symlink', '/dev/decoy', '/proc/sys/kernel/core_pattern']]],
    ['a file', [['bind', '/etc/hostname', '/dev/decoy', 'mkfile']]],
  ] as [string, PlanRecord[]][])('hides nothing when it is %s, and the start fails', async (_, records) => {
    // What a container that shares the directory could do between the making of the node and the masks.
    const decoy = records.map(
      ([op, ...args]): PlanRecord => [op, ...args.map((arg) => arg.replace('decoy', 'null'))],
    );
    const init: PlanRecord[] = [['mount', 'tmpfs', 'tmpfs', '/dev', 'nosuid,mkdir', 'mode=755'], ...decoy];
    const args = ['sh', '-c', 'echo started'];
    const { stdout, stderr, code } = await room
      .plan({ args, init, afterPivot: [['mask', '/proc/keys']] })
      .run();
    expect([code, stdout.toString()]).toEqual([125, '']);
    expect(stderr).toMatch(/^skiff-helper: mask: \/proc\/keys/);
  });
});

describe('CVE-2024-23651: a path below a source that is exchanged for a link meanwhile', () => {
  it('leads to nothing outside of the source', async () => {
    const source = join(room.root, 'racing');
    const outside = join(room.root, 'racing-outside');
    for (const directory of [join(source, 'place/deep'), join(outside, 'deep')])
      mkdirSync(directory, { recursive: true });
    writeFileSync(join(source, 'place/deep/file'), 'inside');
    writeFileSync(join(outside, 'deep/file'), 'outside');
    symlinkSync(outside, join(source, 'link'));
    const init: PlanRecord[] = [['bind-beneath', source, 'place/deep', '/data', 'rec,mkdir']];
    const seen = new Set<string>();
    await whileSwapping(join(source, 'place'), join(source, 'link'), async () => {
      for (let start = 0; start < 40; start += 1) {
        const { stdout, code, stderr } = await room.plan({ args: ['cat', '/data/file'], init }).run();
        if (code !== 0) expect(stderr).toMatch(/^skiff-helper: bind-beneath: place\/deep: No such file/);
        seen.add(`${code} ${stdout.toString()}`);
      }
    });
    expect([...seen].filter((outcome) => outcome !== '125 ')).toEqual(['0 inside']);
  });
});

describe('CVE-2025-52881: writes below /proc', () => {
  it('reach the kernel although the container’s /proc is a file system with files of the same names', async () => {
    const fake = join(room.root, 'fake-proc');
    mkdirSync(join(fake, 'sys/net/ipv4'), { recursive: true });
    mkdirSync(join(fake, 'self/attr'), { recursive: true });
    writeFileSync(join(fake, 'sys/net/ipv4/ip_forward'), 'fake');
    const init: PlanRecord[] = [
      ['bind', fake, '/proc', 'nofollow'],
      ['sysctl', 'net.ipv4.ip_forward', '1'],
      ['mount', 'proc', 'proc', '/mnt/proc', 'mkdir', ''],
    ];
    const args = ['sh', '-c', 'cat /mnt/proc/sys/net/ipv4/ip_forward'];
    const { stdout, code } = await room.plan({ args, init }).run();
    expect([code, stdout.toString()]).toEqual([0, '1\n']);
    expect(readFileSync(join(fake, 'sys/net/ipv4/ip_forward'), 'utf8')).toBe('fake');
    rmSync(fake, { recursive: true });
  });
});

describe('a neighbour that renames without end', () => {
  it('does not keep a container from starting whose image leads through ".."', async () => {
    const layer = join(room.root, 'upward');
    makeLayer(layer);
    symlinkSync('../../../../run/upward', join(layer, 'etc/resolv.conf'));
    mkdirSync(join(layer, 'run'));
    const init: PlanRecord[] = [['bind', '/etc/hostname', '/etc/resolv.conf', 'ro,mkfile']];
    const [here, there] = ['here', 'there'].map((name) => join(room.root, name)) as [string, string];
    mkdirSync(here);
    mkdirSync(there);
    await whileSwapping(here, there, async () => {
      for (let round = 0; round < tries(60); round++) {
        const { stderr, code } = await room.plan({ args: ['true'], layer, init }).run();
        expect([stderr, code]).toEqual(['', 0]);
      }
    });
  });
});
