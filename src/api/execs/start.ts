import { EngineError } from '../../errors.ts';
import { execStart } from '../bodies/exec.ts';
import type { Call } from '../http/call.ts';
import { MULTIPLEXED_SINCE, MULTIPLEXED_STREAM, RAW_STREAM } from '../http/frames.ts';
import { JsonObject } from '../http/json.ts';
import { relay } from '../http/relay.ts';
import { terminalSize } from '../http/terminal-size.ts';

/**
 * ExecStartConfig. What cannot be executed is said before the connection is handed over. Whether the streams come in frames
 * is said by `Tty` here, as with Docker, whatever the process has.
 */
export async function startExec({
  engine,
  connections,
  path,
  body,
  reply,
  signal,
  version,
}: Call): Promise<void> {
  const config = new JsonObject((await body()) ?? {});
  const id = path.id ?? '';
  const { detached, framed, size } = execStart(config, version);
  if (detached) {
    await engine.execs.startDetached(id);
    return reply.empty(200);
  }
  const { request } = await engine.execs.inspect(id);
  const streams = await engine.execs.start(id, { size });
  connections.keepExec(id, streams);
  const connection = reply.hijack(framed && version >= MULTIPLEXED_SINCE ? MULTIPLEXED_STREAM : RAW_STREAM);
  await relay(connection, streams, { framed, input: request.stdin, signal });
}

/** Also of one that is about to be: a client may ask as soon as it has the connection. */
export async function resizeExec(call: Call): Promise<void> {
  const { engine, connections, path, reply } = call;
  const size = terminalSize(call);
  const { id, request } = await engine.execs.inspect(path.id ?? '');
  const streams = connections.exec(id);
  if (streams === undefined || !request.terminal)
    throw new EngineError('conflict', `exec instance ${id} has no terminal that this service could resize`, {
      subject: id,
    });
  await streams.resize(size);
  reply.empty(200);
}
