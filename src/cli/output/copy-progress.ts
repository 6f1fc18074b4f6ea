import type { CopyProgress } from '../../storage/archive/answer.ts';
import { isAnimated } from '../text/terminal.ts';
import { humanSize } from '../text/units.ts';

/** Only what takes longer is worth a line. */
const DELAY_MS = 500;

/** One line on a terminal that says how far a copy is. */
export interface CopyDisplay {
  update(progress: CopyProgress): void;
  /** Takes the line away; any number of times. */
  close(): void;
}

/** Shows on standard error, after a moment and on a terminal only, how much has been copied. */
export function showCopy(
  { source, destination }: { source: string; destination: string },
  stream: Pick<NodeJS.WriteStream, 'write' | 'columns' | 'isTTY'> = process.stderr,
): CopyDisplay {
  const begun = Date.now();
  let shown = false;
  let closed = !isAnimated(stream as NodeJS.WriteStream);
  return {
    update({ entries, bytes }) {
      if (closed || Date.now() - begun < DELAY_MS) return;
      const line = `copying ${source} to ${destination}: ${humanSize(bytes)} in ${entries} entries`;
      shown = true;
      stream.write(`\r\u001b[K${line.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
    },
    close() {
      if (shown && !closed) stream.write('\r\u001b[K');
      closed = true;
    },
  };
}
