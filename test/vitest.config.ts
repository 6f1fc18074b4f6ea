import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { TotalsReporter } from './helpers/totals-reporter.ts';

const MINUTE = 60_000;
const ROOT = resolve(import.meta.dirname, '..');

/** Tests of networks run skiff in namespaces that they make (`useInternet`), so that the machine's own stays as it is. */
const WITHOUT_NETWORKS = { SKIFF_NETWORK: 'none' };
const SANITIZED = { SKIFF_HELPER: resolve(ROOT, 'build/native/skiff-helper-asan') };

/** C programs that tests run; the helper with sanitizers; busybox in a registry and in a store to copy. */
const PROGRAMS = 'test/setup/programs.ts';
const SANITIZED_HELPER = 'test/setup/sanitized-helper.ts';
const BUSYBOX = 'test/setup/busybox.ts';

/**
 * Files of native for which the sanitizers have nothing to look at: they run no helper but programs made of parts of it,
 * with sanitizers of their own; or they are about the engine, and what they have of the helper is in files that are about
 * that (apply, gather, trees, measure, probe-overlay).
 */
const UNSANITIZED = [
  ...['json-string', 'resolver*', 'restart-delays', 'sha256'],
  ...['build-sources', 'disk-usage', 'indexes', 'storage-driver'],
].map((name) => `test/native/${name}.test.ts`);

/**
 * Files of native about verbs that read and write files and trees, for which it is all one how the helper is linked and in which
 * process it runs: with the sanitizers alone. The helper as it is delivered does the same in `test/conformance` (layers, cp,
 * copy, archives) and in `test/e2e` (commit, export, diff, round-trip, build).
 */
const SANITIZED_ONLY = [
  ...['apply', 'archive', 'changes', 'copy', 'finish', 'gather', 'intake', 'known-files'],
  ...['measure', 'outline', 'shift', 'trees', 'volume-content'],
].map((name) => `test/native/${name}.test.ts`);

/** Units that change a module for everybody who imports it in the same process. */
const ISOLATED = globSync('test/unit/**/*.test.ts', { cwd: ROOT }).filter((file) =>
  /\b(vi\.mock|setAssets)\(/.test(readFileSync(resolve(ROOT, file), 'utf8')),
);

/** Files that measure the machine, or what it does for others. */
const ALONE = 'test/**/*.alone.test.ts';

/**
 * Parts of a group run at the same time, one group after the other. Files share nothing but the machine: units keep
 * every processor busy; the others wait for processes most of the time, so that it takes three of them to fill one; those
 * that measure have the machine for themselves.
 */
const GROUPS = {
  units: { groupOrder: 1, maxWorkers: availableParallelism() },
  processes: { groupOrder: 2, maxWorkers: 3 * availableParallelism() },
  alone: { groupOrder: 3, maxWorkers: 1 },
};

/** Files that take longest, the longest first: what begins late, and takes long, has the machine idle at the end. */
const LONGEST = [
  'guest/guest',
  'e2e/pull',
  'e2e/terminal',
  'e2e/system-reset',
  'e2e/executable',
  'e2e/pull-failures',
  'e2e/network-recovery',
  'e2e/network-names',
  'e2e/smoke',
  'native/resolver-hostile',
].map((name) => resolve(ROOT, `test/${name}.test.ts`));

/** The longest first, also in a first run; then as usual, by the times of the last run. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.includes(moduleId);
    const place = ({ moduleId }: TestSpecification) => LONGEST.indexOf(moduleId);
    const long = sorted.filter(isLong).sort((one, other) => place(one) - place(other));
    return [...long, ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  root: ROOT,
  test: {
    reporters: ['default', new TotalsReporter()],
    sequence: { sequencer: LongestFirst },
    projects: [
      part('unit', 'units', {
        include: ['test/unit/**/*.test.ts', 'test/architecture*.test.ts'],
        exclude: ISOLATED,
      }),
      part('unit-isolated', 'units', { include: ISOLATED, isolate: true }),
      ...parts('native', { exclude: SANITIZED_ONLY, timeout: MINUTE, setup: [PROGRAMS] }),
      part('native-sanitized', 'processes', {
        include: ['test/native/**/*.test.ts'],
        exclude: [ALONE, ...UNSANITIZED],
        timeout: 2 * MINUTE,
        env: SANITIZED,
        setup: [PROGRAMS, SANITIZED_HELPER],
      }),
      ...executableParts('conformance'),
      ...executableParts('e2e'),
      part('guest', 'processes', { timeout: 16 * MINUTE, setup: [PROGRAMS, BUSYBOX] }),
    ],
  },
});

/** What drives the executable. */
function executableParts(name: string) {
  return parts(name, { timeout: 2 * MINUTE, env: WITHOUT_NETWORKS, setup: [PROGRAMS, BUSYBOX] });
}

/** The files of `test/NAME`, and those of them that run alone. */
function parts(name: string, options: PartOptions) {
  return [
    part(name, 'processes', { ...options, exclude: [ALONE, ...(options.exclude ?? [])] }),
    part(`${name}-alone`, 'alone', { ...options, include: [`test/${name}/**/*.alone.test.ts`] }),
  ];
}

interface PartOptions {
  include?: string[];
  exclude?: string[];
  /** Whether each file has a process of its own: starting one, and importing everything again, costs 0.2 to 0.4 s. */
  isolate?: boolean;
  /** For one test, in ms. */
  timeout?: number;
  /** Added to the environment of the tests, and of what they start. */
  env?: Record<string, string>;
  /** Modules that prepare what all files use. */
  setup?: string[];
}

function part(name: string, group: keyof typeof GROUPS, options: PartOptions) {
  const {
    include = [`test/${name}/**/*.test.ts`],
    exclude = [],
    isolate = false,
    timeout = 10_000,
    env = {},
    setup = [],
  } = options;
  const { groupOrder, maxWorkers } = GROUPS[group];
  return {
    test: {
      name,
      include,
      exclude,
      isolate,
      sequence: { groupOrder },
      env,
      globalSetup: setup,
      testTimeout: timeout,
      hookTimeout: Math.max(timeout, MINUTE),
      maxWorkers,
    },
  };
}
