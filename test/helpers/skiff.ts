import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { afterAll, expect } from 'vitest';
import { storePaths } from '../../src/host/paths.ts';
import { processIdentity } from '../../src/host/process.ts';
import { containerOfCgroup } from '../../src/runtime/cgroup/paths.ts';
import { COMMAND } from './executable.ts';

export { COMMAND, EXECUTABLE } from './executable.ts';

/** The outcome of a finished command. */
export interface Outcome {
  stdout: string;
  stderr: string;
  code: number | undefined;
  signal: string | undefined;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
  /** A command line that runs another one: `['nice', '-n', '5']`. */
  through?: readonly string[];
}

/** A store of its own, so that tests neither see each other nor the machine's. */
export interface Store {
  root: string;
  runRoot: string;
  /** Roots of the stores that its commands have used: its own, and those that single tests named instead. */
  roots: ReadonlySet<string>;
  /** Runs skiff on this store to its end; never throws for an exit code. */
  skiff(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Starts skiff on this store and returns the process. */
  start(args: readonly string[], options?: RunOptions): ReturnType<typeof spawnSkiff>;
  /**
   * Runs skiff as `skiff` does; fails the test unless the exit code is 0, and returns what was printed, without the
   * last newline.
   */
  ok(args: readonly string[], options?: RunOptions): Promise<string>;
}

function spawnSkiff(
  root: string,
  args: readonly string[],
  { input = '', env = {}, cwd = '/', through = [] }: RunOptions = {},
) {
  const [file = '', ...prefix] = [...through, ...COMMAND];
  return execa(file, [...prefix, '--root', root, ...args], {
    reject: false,
    stripFinalNewline: false,
    input,
    env,
    cwd,
  });
}

/**
 * Makes a store for the tests of one file and takes everything back at their end: what they left in containers,
 * mounts, cgroups or directories fails the file. `defaults` hold for each of its commands that does not say otherwise;
 * `whenGone` is called at the end, whatever was left; the store is made in `directory`.
 */
export function useStore(
  defaults: () => RunOptions = () => ({}),
  whenGone: () => Promise<unknown> = () => Promise.resolve(),
  directory = tmpdir(),
): Store {
  const root = mkdtempSync(join(directory, 'skiff-e2e-'));
  const { run: runRoot } = storePaths(root);
  const roots = new Set([root]);
  const store: Store = {
    root,
    runRoot,
    roots,
    start: (args, options) => {
      const other = args.indexOf('--root');
      if (other >= 0) roots.add(args[other + 1] ?? '');
      const always = defaults();
      return spawnSkiff(root, args, { ...always, ...options, env: { ...always.env, ...options?.env } });
    },
    skiff: async (args, options) => {
      const { stdout, stderr, exitCode, signal } = await store.start(args, options);
      return { stdout: String(stdout), stderr: String(stderr), code: exitCode, signal };
    },
    ok: async (args, options) => {
      const { stdout, stderr, code } = await store.skiff(args, options);
      expect(code, `skiff ${args.join(' ')}: ${stderr}`).toBe(0);
      return stdout.replace(/\n$/, '');
    },
  };
  const takeBack = async () => {
    const ids = (await store.skiff(['ps', '-aq', '--no-trunc'])).stdout.split('\n').filter(Boolean);
    for (const id of ids) await store.ok(['rm', '-f', id]);
    const left = leftovers(store);
    rmSync(root, { recursive: true, force: true });
    for (const used of roots) rmSync(storePaths(used).run, { recursive: true, force: true });
    expect(left).toEqual([]);
  };
  afterAll(() => takeBack().finally(whenGone));
  return store;
}

/** Resolves when a running command has printed `text`. Call it right after the start: what was printed before is lost. */
export function printed({ stdout }: { stdout: Readable | null }, text: string): Promise<void> {
  let heard = '';
  return new Promise((resolve, reject) => {
    stdout?.on('data', (chunk) => {
      heard += String(chunk);
      if (heard.includes(text)) resolve();
    });
    stdout?.once('close', () => reject(new Error(`ended without printing "${text}": ${heard}`)));
  });
}

/** Whether a process executes anything still: one that awaits its parent's attention does not. */
export function isRunning(pid: number): boolean {
  return processIdentity(pid) !== undefined;
}

/** Ids of the processes that have this command line. */
export function processesWith(commandLine: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `${commandLine.replaceAll(' ', '\0')}\0`;
    } catch {
      return false;
    }
  });
}

/** The names that the runtime root keeps until the next reboot. */
const KEPT = ['root', 'gone', 'names', 'volumes', 'last-out', 'uplinks4', 'uplinks6'];

/**
 * Traces of a store's containers on this machine: mounts below it, cgroups, directories. Empty when all is well,
 * whatever other stores have and do at the same time.
 */
export function leftovers({ root, runRoot, roots }: Store): string[] {
  const ids = new Set([...roots].flatMap(idsOfContainers));
  return [
    ...mountsBelow(root).map((mount) => `mount ${mount}`),
    ...cgroups()
      .filter((cgroup) => ids.has(containerOfCgroup(basename(cgroup)) ?? ''))
      .map((cgroup) => `cgroup ${cgroup}`),
    ...namesIn(runRoot)
      .filter((name) => !KEPT.includes(name))
      .map((name) => `runtime directory ${name}`),
    ...namesIn(join(runRoot, 'names/containers')).map((name) => `resolver of ${name}`),
    ...namesIn(join(runRoot, 'names/networks'))
      .flatMap((network) => namesIn(join(runRoot, 'names/networks', network)))
      .map((name) => `names of ${name}`),
    ...namesIn(join(root, 'containers')).map((name) => `container directory ${name}`),
    ...namesIn(join(root, 'tmp')).map((name) => `temporary ${name}`),
    ...namesIn(join(root, 'trash')).map((name) => `trash ${name}`),
  ];
}

/**
 * Returns the ids of all containers that a store ever had: its journal has the creation of each before it has a cgroup.
 */
function idsOfContainers(root: string): string[] {
  const journals = ['events.log.1', 'events.log']
    .map((name) => join(root, name))
    .filter((file) => existsSync(file));
  return journals.flatMap((journal) =>
    [...readFileSync(journal, 'utf8').matchAll(/"ID":"([0-9a-f]{64})"/g)].map(([, id]) => id ?? ''),
  );
}

function mountsBelow(root: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(root));
}

/** Cgroups of containers and their monitors, wherever the hierarchies are mounted. */
export function cgroups(): string[] {
  const base = '/sys/fs/cgroup';
  const places = [base, ...namesIn(base).map((name) => join(base, name))];
  return places.flatMap((place) =>
    namesIn(place)
      .filter((name) => containerOfCgroup(name) !== undefined)
      .map((name) => join(place, name)),
  );
}

/** Returns the names in a directory; none where it is missing. */
export function namesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
