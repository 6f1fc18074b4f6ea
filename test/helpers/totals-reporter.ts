import type { Reporter, TestModule } from 'vitest/node';

/** Closes a run with one plain line that scripts can read: `N passed, N failed, N skipped`. */
export class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      const failedBefore = totals.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' || state === 'failed') totals[state] += 1;
        else totals.skipped += 1;
      }
      // A file or a hook that fails may leave no failed test behind.
      if (module.state() === 'failed' && totals.failed === failedBefore) totals.failed += 1;
    }
    process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
  }
}
