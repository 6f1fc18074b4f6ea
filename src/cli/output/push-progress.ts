import type { PushedLayer, PushProgress } from '../../engine/images/push-progress.ts';
import { shortId } from '../text/ids.ts';
import { LineBlock } from '../text/line-block.ts';
import { isAnimated, type OutputStream } from '../text/terminal.ts';
import { renderBar } from './progress.ts';

/** Shows a push. */
export interface PushDisplay extends PushProgress {
  /** Has somebody else write lines to the terminal, such as a warning. */
  interruptedBy(write: () => void): void;
  /** Ends the display; may be called more than once. */
  close(): void;
}

/** Bars on a terminal, one line for each layer; otherwise one plain line for each change of state, as Docker has them. */
export function createPushProgress(stream: OutputStream): PushDisplay {
  let block = isAnimated(stream) ? new LineBlock(stream) : undefined;
  const say = (text: string): void => {
    if (block === undefined) stream.write(`${text}\n`);
    else block.print(text);
  };
  return {
    repository: (name) => say(`The push refers to repository [${name}]`),
    layer: (diffID) =>
      block === undefined ? plainLayer(shortId(diffID), say) : barOf(shortId(diffID), block),
    pushed: (tag, digest, size) => {
      // Its layers stay above it, and the next one's come below.
      block?.close();
      stream.write(`${tag}: digest: ${digest} size: ${size}\n`);
      if (block !== undefined) block = new LineBlock(stream);
    },
    interruptedBy: (write) => (block === undefined ? write() : block.interruptedBy(write)),
    close: () => block?.close(),
  };
}

function plainLayer(id: string, say: (text: string) => void): PushedLayer {
  return {
    preparing: () => say(`${id}: Preparing`),
    pushing: () => {},
    exists: () => say(`${id}: Layer already exists`),
    mounted: (from) => say(`${id}: Mounted from ${from}`),
    done: () => say(`${id}: Pushed`),
  };
}

function barOf(id: string, block: LineBlock): PushedLayer {
  const line = block.addLine();
  const show = (state: string, finished = false): void =>
    line.set((width) => `${id}: ${state}`.slice(0, width), finished);
  return {
    preparing: () => show('Preparing'),
    pushing: (current, total) => line.set((width) => renderBar(`${id}: Pushing`, { current, total, width })),
    exists: () => show('Layer already exists', true),
    mounted: (from) => show(`Mounted from ${from}`, true),
    done: () => show('Pushed', true),
  };
}
