import type { ProcessStreams } from '../../engine/lifecycle/process-streams.ts';
import { errorFrame, frame } from './frames.ts';
import type { Connection } from './wire.ts';

/** How the streams of a process are relayed to a client. */
export interface Relaying {
  /** Frames say of which stream a piece is; without a terminal. */
  framed: boolean;
  /** Whether what the client sends is the process's input. */
  input: boolean;
  /** Aborts when the client has gone. */
  signal: AbortSignal;
  /** ms that a client may read nothing while it holds the process up; then it gets no more. Absent: as long as it likes. */
  patienceMs?: number | undefined;
}

const LEFT = 'nothing was read for too long while the container waited: its logs have the rest';

/** ms that the input of a client who has gone may take to be passed on. */
const PASSING_ON_MS = 2_000;

/** Relays both ways until the process has ended or the client has gone: then the process goes on by itself. */
export async function relay(
  connection: Connection,
  streams: ProcessStreams,
  { framed, input, signal, patienceMs }: Relaying,
): Promise<void> {
  let patience: NodeJS.Timeout | undefined;
  const leave = () => {
    if (!input) return streams.leave();
    // What it has sent before it went is for the process still.
    streams.endInput();
    patience ??= setTimeout(() => streams.leave(), PASSING_ON_MS);
  };
  signal.addEventListener('abort', leave, { once: true });
  const sending = input ? sendInput(connection, streams) : discard(connection);
  for await (const chunk of streams.output) {
    const written = connection.write(framed ? frame(chunk) : chunk.bytes);
    if (await isDone(written, patienceMs)) continue;
    // It reads that after all that it has not read yet.
    if (framed) void connection.write(errorFrame(LEFT));
    leave();
    break;
  }
  await streams.ended.catch(() => {});
  clearTimeout(patience);
  connection.end();
  signal.removeEventListener('abort', leave);
  void sending;
}

/** Whether it is, after so many ms at the latest. */
async function isDone(written: Promise<void>, most: number | undefined): Promise<boolean> {
  if (most === undefined) {
    await written;
    return true;
  }
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, most, false);
  try {
    return await Promise.race([written.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function sendInput({ input }: Connection, streams: ProcessStreams): Promise<void> {
  for await (const bytes of input) await streams.write(bytes);
  streams.endInput();
}

/** Reads what nobody wants: some connections hear of their end only by that. */
async function discard({ input }: Connection): Promise<void> {
  for await (const _ of input);
}
