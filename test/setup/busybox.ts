import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { storePaths } from '../../src/host/paths.ts';
import { COMMAND } from '../helpers/executable.ts';
import { pushImages, referenceOf } from '../helpers/image-layouts.ts';
import { startRegistry } from '../helpers/registry.ts';

/** A registry that runs while tests do, and a store into which its one image was pulled. */
export interface PulledBusybox {
  /** `HOST:PORT` of the registry. */
  host: string;
  /** `HOST:PORT/busybox:latest` */
  reference: string;
  /** The store's root: nobody uses it, tests copy it. */
  store: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    busybox: PulledBusybox;
  }
}

/** Parts have this module loaded each for itself; they share the process. */
const shared: typeof globalThis & { pulledBusybox?: Promise<PulledBusybox> } = globalThis;

/** Gives the tests of a part busybox; the first part of a run prepares it, and takes it back after the last test. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (shared.pulledBusybox !== undefined) {
    project.provide('busybox', await shared.pulledBusybox);
    return undefined;
  }
  const registry = startRegistry();
  const store = mkdtempSync(join(tmpdir(), 'skiff-pulled-'));
  const takeBack = async () => {
    for (const directory of [store, storePaths(store).run])
      rmSync(directory, { recursive: true, force: true });
    await (await registry).stop();
  };
  shared.pulledBusybox = registry.then(({ host }) => pull(host, store));
  try {
    project.provide('busybox', await shared.pulledBusybox);
  } catch (error) {
    await takeBack();
    throw error;
  }
  return takeBack;
}

async function pull(host: string, store: string): Promise<PulledBusybox> {
  await pushImages({ host }, ['busybox']);
  const reference = referenceOf({ host }, 'busybox');
  const [file = '', ...first] = COMMAND;
  execFileSync(file, [...first, '--root', store, 'pull', '--quiet', reference], { cwd: '/', stdio: 'pipe' });
  return { host, reference, store };
}
