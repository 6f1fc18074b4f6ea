import type { Reporter, TestModule } from 'vitest/node';

/** How many of the slowest files are named. */
const SLOWEST = 15;

/**
 * Closes a run with the files that took longest, and one plain line that scripts can read:
 * `N passed, N failed, N skipped`.
 */
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
    process.stdout.write(slowest(modules));
    process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
  }
}

/** A line for each, the slowest first: seconds from the start of its worker's work on it to its last hook. */
function slowest(modules: readonly TestModule[]): string {
  const files = modules
    .map((module) => ({ seconds: secondsOf(module), name: nameOf(module) }))
    .sort((one, other) => other.seconds - one.seconds)
    .slice(0, SLOWEST);
  return [
    'slowest files:',
    ...files.map(({ seconds, name }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`),
    '',
  ].join('\n');
}

function secondsOf(module: TestModule): number {
  const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } =
    module.diagnostic();
  return (environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration) / 1000;
}

function nameOf({ project, relativeModuleId }: TestModule): string {
  return relativeModuleId.startsWith(`test/${project.name}/`)
    ? relativeModuleId
    : `${relativeModuleId} (${project.name})`;
}
