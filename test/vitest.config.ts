import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from './helpers/totals-reporter.ts';

const MINUTE = 60_000;

/** Tests of networks run skiff in namespaces that they make (`useInternet`), so that the machine's own stays as it is. */
const WITHOUT_NETWORKS = { SKIFF_NETWORK: 'none' };

/** C programs that tests run; busybox in a registry and in a store to copy. */
const PROGRAMS = 'test/setup/programs.ts';
const BUSYBOX = 'test/setup/busybox.ts';

/** One part after the other; within a part, files run in parallel unless they share the kernel's objects. */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    reporters: ['default', new TotalsReporter()],
    projects: [
      part(1, 'unit', { include: ['test/unit/**/*.test.ts', 'test/architecture*.test.ts'] }),
      part(2, 'native', { maxWorkers: 1, timeout: MINUTE, setup: [PROGRAMS] }),
      part(3, 'conformance', {
        maxWorkers: 1,
        timeout: 2 * MINUTE,
        env: WITHOUT_NETWORKS,
        setup: [PROGRAMS, BUSYBOX],
      }),
      part(4, 'e2e', {
        maxWorkers: 1,
        timeout: 2 * MINUTE,
        env: WITHOUT_NETWORKS,
        setup: [PROGRAMS, BUSYBOX],
      }),
      part(5, 'guest', { maxWorkers: 1, timeout: 7 * MINUTE, setup: [BUSYBOX] }),
    ],
  },
});

interface PartOptions {
  include?: string[];
  maxWorkers?: number;
  /** For one test, in ms. */
  timeout?: number;
  /** Added to the environment of the tests, and of what they start. */
  env?: Record<string, string>;
  /** Modules that prepare what all files use. */
  setup?: string[];
}

function part(
  order: number,
  name: string,
  { include, maxWorkers, timeout = 10_000, env = {}, setup = [] }: PartOptions,
) {
  return {
    test: {
      name,
      include: include ?? [`test/${name}/**/*.test.ts`],
      sequence: { groupOrder: order },
      env,
      globalSetup: setup,
      testTimeout: timeout,
      hookTimeout: Math.max(timeout, MINUTE),
      ...(maxWorkers === undefined ? {} : { maxWorkers }),
    },
  };
}
