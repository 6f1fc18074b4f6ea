import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { useStore } from '../helpers/skiff.ts';
import { describeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/**
 * A container exchanges directories for links to the host's files, and directories for others, as fast as the kernel can,
 * in its root and in a volume, while files are moved in and out of both.
 */

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

const SECRET = 'what is outside';
const place = mkdtempSync(join(tmpdir(), 'skiff-races-'));
const [outside, inside, out] = ['outside', 'inside', 'out'].map((name) => join(place, name)) as [
  string,
  string,
  string,
];
let before: string[];

/** Where links lead by which a path that is followed on the host ends outside, wherever it begins. */
const LEADS_OUT = `/../../../../../..${outside}`;

const TREE = ['a/b/deep', 'p/q/deep', 'r/deep'].map(
  (path) => `mkdir -p ${path}; echo in >${dirname(path)}/f`,
);
const PAIRS = 'a l p/q r';

beforeAll(async () => {
  for (const directory of [join(outside, 'b/deep'), join(inside, 'a/b')])
    mkdirSync(directory, { recursive: true });
  for (const name of ['f', 'b/f', 'b/deep/f']) writeFileSync(join(outside, name), SECRET);
  for (let number = 0; number < 20; number += 1) writeFileSync(join(inside, 'a/b', `file${number}`), 'in');
  execFileSync('tar', ['-cf', join(place, 'inside.tar'), '-C', inside, '.']);
  before = describeTree(outside);
  const make = `${TREE.join('; ')}; ln -s ${LEADS_OUT} l`;
  const pairs = ['/t', '/v'].flatMap((top) => PAIRS.split(' ').map((name) => `${top}/${name}`));
  const script = `mkdir /t; for d in /t /v; do cd $d; ${make}; done; exec /swap ${pairs.join(' ')} > /v/swapping`;
  const mounts = ['-v', 'racing:/v', '-v', `${builtProgram('swap')}:/swap:ro`];
  await store.ok(['run', '-d', '--name', 'racer', ...mounts, busybox, 'sh', '-ec', script]);
  const told = join(store.root, 'volumes/racing/swapping');
  await until(() => existsSync(told) && readFileSync(told, 'utf8') !== '');
});

afterEach(() => {
  rmSync(out, { recursive: true, force: true });
  expect(describeTree(outside)).toEqual(before);
});

afterAll(async () => {
  expect(await store.ok(['ps', '-q', '--filter', 'name=racer'])).not.toBe('');
  await store.ok(['rm', '-f', ...(await store.ok(['ps', '-aq'])).split('\n')]);
  await store.ok(['volume', 'prune', '-af']);
  rmSync(place, { recursive: true });
});

const ROUNDS = 4;

/** Tries some rounds, with SKIFF_TEST_LONG for ten seconds, and until one of them has met what is inside. */
async function race(round: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  let met = false;
  for (let count = 0; !met || (LONG ? Date.now() < end : count < ROUNDS); count += 1) {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
    if (await round()) met = true;
    expect(contains(out, SECRET)).toBe(false);
  }
}

/** Whether any file below a directory, archives included, has a text in it. */
function contains(directory: string, text: string): boolean {
  const script = 'grep -rqF -e "$1" "$0"; [ $? -lt 2 ] && grep -rlF -e "$1" "$0" | head -n 1';
  return execFileSync('sh', ['-c', script, directory, text], { encoding: 'utf8' }) !== '';
}

const worked = async (...args: readonly string[]) => (await store.skiff(args)).code === 0;

/** Runs a command of skiff with its output in a file; whether it worked. */
async function into(file: string, ...args: readonly string[]): Promise<boolean> {
  const { code } = await store.skiff(args, { through: ['sh', '-c', `"$@" > ${join(out, file)}`, 'sh'] });
  return code === 0;
}

async function from(file: string, ...args: readonly string[]): Promise<boolean> {
  const { code } = await store.skiff(args, { through: ['sh', '-c', `"$@" < ${file}`, 'sh'] });
  return code === 0;
}

describe('nothing outside is read or written, whatever a container does meanwhile, by', () => {
  it('cp to the host (CVE-2018-15664)', async () => {
    await race(async () => {
      await store.skiff(['cp', 'racer:/t', join(out, 'tree')]);
      await store.skiff(['cp', '-L', 'racer:/v/l', join(out, 'link')]);
      await into('a.tar', 'cp', 'racer:/v/a', '-');
      await store.skiff(['cp', 'racer:/t/a/b/f', join(out, 'file')]);
      await store.skiff(['cp', 'racer:/v/p/q/../f', join(out, 'above')]);
      return existsSync(join(out, 'file'));
    });
  });

  it('cp into the container (CVE-2018-15664)', async () => {
    await race(async () => {
      const whole = await worked('cp', join(inside, 'a'), 'racer:/t');
      await worked('cp', join(inside, 'a/b/file0'), 'racer:/v/a/b/');
      await worked('cp', join(inside, 'a/.'), 'racer:/v/l');
      await from(join(place, 'inside.tar'), 'cp', '-', 'racer:/t/a');
      return whole;
    });
  });

  it('cp to another container', async () => {
    await store.ok(['create', '--name', 'other', busybox, 'true']);
    await race(async () => {
      const done = await worked('cp', 'racer:/v/a', 'other:/copy');
      await worked('cp', 'other:/bin/busybox', 'racer:/t/a/b/f');
      await into('other.tar', 'export', 'other');
      return done;
    });
  });

  it('export, diff and commit', async () => {
    await race(async () => {
      const exported = await into('it.tar', 'export', 'racer');
      const told = await into('diff', 'diff', 'racer');
      const committed = await worked('commit', '--pause=false', 'racer', 'raced');
      if (!committed) return false;
      await store.ok(['create', '--name', 'raced', 'raced', 'true']);
      await into('raced.tar', 'export', 'raced');
      await store.ok(['rm', 'raced']);
      await store.ok(['rmi', 'raced']);
      return exported && told && contains(out, 'in\n');
    });
  });

  it('export and import of a volume', async () => {
    await race(async () => {
      const exported = await into('volume.tar', 'volume', 'export', 'racing');
      const imported = await from(join(place, 'inside.tar'), 'volume', 'import', 'racing');
      return exported && imported;
    });
  });

  it('mounts in a shared volume, and of parts of it (CVE-2021-30465, CVE-2024-23651)', async () => {
    const looks = 'cat /part/f; grep " /v/.* - tmpfs " /proc/self/mountinfo';
    await race(async () => {
      const mounts = [
        ...['-v', 'racing:/v', '--mount', 'type=volume,src=racing,dst=/part,volume-subpath=a/b'],
        ...['-v', `${inside}:/v/a/b/deep:ro`, '--tmpfs', '/v/p/q/deep'],
      ];
      return await into('looks', 'run', '--rm', ...mounts, busybox, 'sh', '-c', looks);
    });
  });

  it('what fills a volume from an image (CVE-2022-23648)', async () => {
    const toggle = `while :; do ln -s ${LEADS_OUT}/b/f /f/passwd; ln -s ${LEADS_OUT}/b /f/deep; rm -rf /f/*; done`;
    await store.ok(['run', '-d', '--name', 'toggler', '-v', 'filling:/f', busybox, 'sh', '-c', toggle]);
    await race(async () => {
      const done = await worked('create', '--name', 'filled', '-v', 'filling:/etc', busybox, 'true');
      await worked('rm', '-f', 'filled');
      return done;
    });
    await store.ok(['rm', '-f', 'toggler']);
  });
});
