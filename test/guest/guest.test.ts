import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { EXECUTABLE, useStore } from '../helpers/skiff.ts';
import { itShowsTheSmokeSet, SMOKE } from '../helpers/smoke.ts';

/** Kernel and initial file system, kept from one run to the next. */
const MACHINE = resolve(import.meta.dirname, '../../build/guest');
/** Where the guest mounts its disk. */
const WORK = '/mnt/work';
/** An emulated processor is ten to forty times slower, and other tests run beside it: this ends what hangs. */
const LIMIT = 900_000;
/** What every kernel shows alike, e2e/smoke shows on this one, in a tenth of the time. */
const FLAGS = LONG ? [] : ['--few'];

describe('in a machine with cgroups of version 2 only', () => {
  const missing = missingCapability();
  if (missing === undefined) showTheSmokeSet();
  else it.skip(`the smoke set holds (this one ${missing})`, () => {});
});

function showTheSmokeSet(): void {
  const store = useStore();
  const busybox = useBusybox(store);
  const directory = mkdtempSync(join(tmpdir(), 'skiff-guest-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  itShowsTheSmokeSet(
    () => {
      execFileSync('sh', [join(import.meta.dirname, 'prepare'), MACHINE], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      return boot(makeDisk(directory, { store: store.root, image: busybox }));
    },
    LIMIT,
    FLAGS,
  );
}

/** What a guest needs of this machine and it does not have. */
function missingCapability(): string | undefined {
  if (process.arch !== 'x64') return `is no x86-64 but ${process.arch}`;
  const tools = [
    'qemu-system-x86_64',
    'mkfs.ext4',
    'busybox',
    'cpio',
    'modprobe',
    'depmod',
    'zstd',
    'apt-get',
  ];
  const absent = tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return absent.length === 0 ? undefined : `has no ${absent.join(', ')}`;
}

/** An ext4 file system with project quotas, with a copy of the store and what the guest is to run. */
function makeDisk(directory: string, { store, image }: { store: string; image: string }): string {
  const [files, disk] = [join(directory, 'files'), join(directory, 'disk')];
  mkdirSync(files);
  execFileSync('cp', ['-a', store, join(files, 'store')]);
  cpSync(EXECUTABLE, join(files, 'skiff'));
  const words = [SMOKE, ...FLAGS, `${WORK}/skiff`, `${WORK}/store`, image];
  const run = `#!/bin/sh\nexec sh ${words.join(' ')} 2>&1\n`;
  writeFileSync(join(files, 'run'), run, { mode: 0o755 });
  const quotas = ['-O', 'quota,project', '-E', 'quotatype=prjquota'];
  execFileSync('mkfs.ext4', ['-qF', ...quotas, '-d', files, disk, '1G']);
  rmSync(files, { recursive: true });
  return disk;
}

function boot(disk: string): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', 'sh', join(import.meta.dirname, 'boot'), MACHINE, disk]);
}
