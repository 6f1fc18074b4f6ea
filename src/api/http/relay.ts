import type { ProcessStreams } from '../../engine/lifecycle/process-streams.ts';
import { frame } from './frames.ts';
import type { Connection } from './wire.ts';

/** How the streams of a process are relayed to a client. */
export interface Relaying {
  /** Frames say of which stream a piece is; without a terminal. */
  framed: boolean;
  /** Whether what the client sends is the process's input. */
  input: boolean;
  /** Aborts when the client has gone. */
  signal: AbortSignal;
}

/** Relays both ways until the process has ended or the client has gone: then the process goes on by itself. */
export async function relay(
  connection: Connection,
  streams: ProcessStreams,
  { framed, input, signal }: Relaying,
): Promise<void> {
  const leave = () => streams.leave();
  signal.addEventListener('abort', leave, { once: true });
  const sending = input ? sendInput(connection, streams) : discard(connection);
  for await (const chunk of streams.output) await connection.write(framed ? frame(chunk) : chunk.bytes);
  await streams.ended.catch(() => {});
  connection.end();
  signal.removeEventListener('abort', leave);
  void sending;
}

async function sendInput({ input }: Connection, streams: ProcessStreams): Promise<void> {
  for await (const bytes of input) await streams.write(bytes);
  streams.endInput();
}

/** Reads what nobody wants: some connections hear of their end only by that. */
async function discard({ input }: Connection): Promise<void> {
  for await (const _ of input);
}
