import { GrpcConnection } from '../http/grpc.ts';
import type { ServerCall } from '../http/grpc-server.ts';
import type { Meetings } from '../http/meetings.ts';
import { begun, type Connection } from '../http/wire.ts';
import { Message, ReadMessage } from './protobuf.ts';

/** Control.Session: the client answers calls within this one, whose messages are the bytes of a connection. It lasts until then. */
export async function openInnerSession(
  sessions: Meetings<GrpcConnection>,
  call: ServerCall,
): Promise<undefined> {
  const { 'x-docker-expose-session-uuid': id = '', 'x-docker-expose-session-grpc-method': methods = '' } =
    call.metadata;
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const session = new GrpcConnection(connectionIn(call, end), String(methods).split(/, ?/));
  sessions.bring(String(id), session, session.closed);
  call.signal.addEventListener('abort', () => session.close(), { once: true });
  await Promise.race([session.closed, over]);
  session.close();
}

/** A BytesMessage has its bytes in its first field. */
function connectionIn(call: ServerCall, end: () => void): Connection {
  return {
    input: begun(bytesOf(call, end)),
    write: (bytes) => call.send(new Message().bytes(1, bytes).encoded()),
    end,
  };
}

/** A client that closes the session ends its side, and waits for the end of ours. */
async function* bytesOf(call: ServerCall, end: () => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const message of call.messages()) yield new ReadMessage(message).bytes(1) ?? new Uint8Array();
  } finally {
    end();
  }
}
