import type { ProcessStreams } from '../../engine/lifecycle/process-streams.ts';
import type { StreamName } from '../../engine/options/client.ts';
import { parseDetachKeys } from '../../grammar/detach-keys.ts';
import type { Call } from '../http/call.ts';
import { MULTIPLEXED_SINCE, MULTIPLEXED_STREAM, RAW_STREAM } from '../http/frames.ts';
import { relay } from '../http/relay.ts';
import { acceptHeader } from '../http/web-socket.ts';
import type { Connection } from '../http/wire.ts';
import { writeLogs } from './logs.ts';

/**
 * ContainerAttach: the streams of a container that runs, or, for one that does not, those that it has once it is started
 * through this service. `logs`: what it has written before comes first.
 */
export async function attachContainer(call: Call): Promise<void> {
  await attach(call, (terminal) => ({
    connection: call.reply.hijack(
      !terminal && call.version >= MULTIPLEXED_SINCE ? MULTIPLEXED_STREAM : RAW_STREAM,
    ),
    framed: !terminal,
    signal: call.signal,
  }));
}

/** The version of the API (1.28) since which messages are binary. */
const BINARY_SINCE = 28;

/** ContainerAttachWebsocket: the same as messages, without frames. */
export async function attachByWebSocket(call: Call): Promise<void> {
  acceptHeader(call.request);
  await attach(call, () => {
    const connection = call.reply.webSocket(call.request, call.version >= BINARY_SINCE ? 'binary' : 'text');
    return { connection, framed: false, signal: AbortSignal.any([call.signal, connection.closed]) };
  });
}

const STREAMS: readonly StreamName[] = ['stdin', 'stdout', 'stderr'];

/** ms: a container is not held up for longer by a client that hangs. */
const PATIENCE_MS = 60_000;

interface Opened {
  connection: Connection;
  framed: boolean;
  /** Aborts when the client has gone. */
  signal: AbortSignal;
}

/** `open` makes the connection, once nothing can be refused any more; without a stream it ends at once, as with Docker. */
async function attach(call: Call, open: (terminal: boolean) => Opened): Promise<void> {
  const { engine, connections, path, query } = call;
  const { row, status } = await engine.containers.get(path.name ?? '');
  const terminal = row.options.process.terminal === true;
  const wanted = STREAMS.filter((stream) => query.flag(stream));
  const attaches = query.flag('stream') && wanted.length > 0;
  const isUp = status.state === 'running' || status.state === 'restarting';
  const keys = query.text('detachKeys');
  const client = {
    streams: wanted,
    detachKeys: keys === undefined ? undefined : parseDetachKeys(keys),
    forwardSignals: false,
  };
  const running = attaches && isUp ? await engine.containers.join(row.id, client) : undefined;
  const { connection, framed, signal } = open(terminal);
  const joined = attaches && !isUp ? started(connections, row.id, client, signal) : Promise.resolve(running);
  if (query.flag('logs'))
    await writeLogs(engine, row.id, { framed, streams: wanted, follow: false, signal }, (bytes) =>
      connection.write(bytes),
    );
  const streams = await joined;
  if (streams === undefined) return connection.end();
  const input = wanted.includes('stdin') && row.options.process.stdin === true;
  const done = relay(connection, streams, { framed, input, signal, patienceMs: PATIENCE_MS });
  connections.keepRelay(
    row.id,
    done.catch(() => {}),
  );
  await done;
}

/** Resolves with the start, or to undefined when the client goes before. */
function started(
  connections: Call['connections'],
  id: string,
  client: Parameters<Call['connections']['await']>[1]['client'],
  signal: AbortSignal,
): Promise<ProcessStreams | undefined> {
  const { promise, resolve } = Promise.withResolvers<ProcessStreams | undefined>();
  const leave = connections.await(id, { client, joined: resolve });
  signal.addEventListener('abort', () => resolve(undefined), { once: true });
  if (signal.aborted) resolve(undefined);
  return promise.finally(leave);
}
