import { isAnimated } from '../text/terminal.ts';

/** Short waits stay quiet, and do not pay for loading the spinner. */
const DELAY_MS = 150;

/** A wait that can be ended, any number of times. */
export interface Spinner {
  stop(): void;
}

/**
 * Shows that something is going on, after a moment and on a terminal only: `text` with a turning sign on standard
 * error, and nothing left behind when it stops.
 */
export function startSpinner(text: string): Spinner {
  // A serial console has no width (0 columns), and ora would clear lines without end there.
  if (!isAnimated(process.stderr) || !process.stderr.columns) return { stop: () => {} };
  let stop = (): void => {};
  const timer = setTimeout(() => {
    let stopped = false;
    stop = () => {
      stopped = true;
    };
    void import('ora').then(({ default: ora }) => {
      if (stopped) return;
      // Standard input belongs to the container that may follow.
      const spinner = ora({ text, stream: process.stderr, discardStdin: false }).start();
      stop = () => void spinner.stop();
    });
  }, DELAY_MS);
  timer.unref();
  return {
    stop: () => {
      clearTimeout(timer);
      stop();
    },
  };
}
