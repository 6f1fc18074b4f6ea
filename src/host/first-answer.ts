/** A TCP server. */
export interface Server {
  host: string;
  port: number;
}

/** What is waited for: so many bytes, for so many ms. */
export interface Expectation {
  bytes: number;
  timeout: number;
}

/**
 * Connects, sends a message, and returns the first bytes of the answer: fewer when there are no more, or not in time, or
 * nobody is there. On Bun by its own means: node:net costs 5 ms there to load.
 */
export async function firstAnswer(
  server: Server,
  message: Uint8Array,
  { bytes, timeout }: Expectation,
): Promise<Buffer> {
  let answer = Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<void>();
  const hear = (chunk: Uint8Array): void => {
    answer = Buffer.concat([answer, chunk]);
    if (answer.length >= bytes) resolve();
  };
  const timer = setTimeout(resolve, timeout);
  const { Bun: bun } = globalThis as { Bun?: BunSockets };
  const close = (bun === undefined ? onNode : connector(bun))(server, message, {
    hear,
    end: () => resolve(),
  });
  await promise;
  clearTimeout(timer);
  close();
  return answer.subarray(0, bytes);
}

interface Events {
  hear: (chunk: Uint8Array) => void;
  end: () => void;
}

/** Returns what closes the connection. */
type Connect = (server: Server, message: Uint8Array, events: Events) => () => void;

const onNode: Connect = (server, message, { hear, end }) => {
  const socket = process.getBuiltinModule('node:net').connect(server);
  socket.on('connect', () => socket.write(message));
  socket.on('data', hear).on('error', end).on('close', end);
  return () => socket.destroy();
};

/** The part of Bun's API that is used here (bun.com/docs/api/tcp). */
interface BunSockets {
  connect(options: object): Promise<BunSocket>;
}

interface BunSocket {
  write(bytes: Uint8Array): number;
  terminate(): void;
}

function connector(bun: BunSockets): Connect {
  return ({ host: hostname, port }, message, { hear, end }) => {
    const open = (socket: BunSocket) => void socket.write(message);
    const data = (_socket: BunSocket, chunk: Uint8Array) => hear(chunk);
    const socket = { open, data, close: end, end, error: end, connectError: end };
    const connected = bun.connect({ hostname, port, socket });
    connected.catch(end);
    return () => void connected.then((opened) => opened.terminate()).catch(() => {});
  };
}
