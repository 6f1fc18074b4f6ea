import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { TotalsReporter } from './helpers/totals-reporter.ts';

const MINUTE = 60_000;

/** One part after the other; within a part, files run in parallel unless they share the kernel's objects. */
export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    reporters: ['default', new TotalsReporter()],
    projects: [
      part(1, 'unit', { include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'] }),
      part(2, 'native', { maxWorkers: 1, timeout: MINUTE }),
      part(3, 'conformance', { maxWorkers: 1, timeout: 2 * MINUTE }),
      part(4, 'e2e', { maxWorkers: 1, timeout: 2 * MINUTE }),
      part(5, 'guest', { maxWorkers: 1, timeout: 7 * MINUTE }),
    ],
  },
});

interface PartOptions {
  include?: string[];
  maxWorkers?: number;
  /** For one test, in ms. */
  timeout?: number;
}

function part(order: number, name: string, { include, maxWorkers, timeout = 10_000 }: PartOptions) {
  return {
    test: {
      name,
      include: include ?? [`test/${name}/**/*.test.ts`],
      sequence: { groupOrder: order },
      testTimeout: timeout,
      hookTimeout: Math.max(timeout, MINUTE),
      ...(maxWorkers === undefined ? {} : { maxWorkers }),
    },
  };
}
