import type { Engine } from '../../engine/engine.ts';
import type { ProcessStreams } from '../../engine/lifecycle/process-streams.ts';
import type { Waiting } from '../http/connections.ts';
import { frame } from '../http/frames.ts';
import type { Connection } from '../http/wire.ts';

/**
 * Starts a container for those who have attached to it before. The first of them gets its streams from the first byte on, the
 * others from right after its start.
 */
export async function joinWaiting(engine: Engine, id: string, [first, ...others]: Waiting[]): Promise<void> {
  if (first === undefined) return;
  first.joined(await engine.containers.startJoined(id, first.client));
  for (const other of others) other.joined(await engine.containers.join(id, other.client));
}

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
  const sending = input ? sendInput(connection, streams) : Promise.resolve();
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
