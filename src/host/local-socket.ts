/** Handlers of what happens to a connection. None is called after `ended` or `failed`, nor after this side closed it. */
export interface LocalSocketEvents {
  connected(socket: LocalSocket): void;
  data(text: string): void;
  /** The other side has closed it. */
  ended(): void;
  failed(error: NodeJS.ErrnoException): void;
}

export interface LocalSocket {
  /** A short text, which the kernel takes at once. Once it is connected. */
  send(text: string): void;
  close(): void;
}

/**
 * Connects to a Unix socket. On Bun by its own means, as loading node:net and connecting with it takes several
 * milliseconds: most of what `stop` takes by itself.
 */
export function connectLocal(path: string, events: LocalSocketEvents): LocalSocket {
  const { Bun: bun } = globalThis as { Bun?: BunSockets };
  return bun === undefined ? connectOnNode(path, events) : connectOnBun(bun, path, events);
}

/** The part of Bun's API that is used here (bun.com/docs/api/tcp). */
interface BunSockets {
  connect(options: { unix: string; socket: BunSocketHandlers }): Promise<BunSocket>;
}

interface BunSocket {
  write(text: string): number;
  end(): void;
}

interface BunSocketHandlers {
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Buffer): void;
  end(): void;
  close(socket: BunSocket, error?: NodeJS.ErrnoException): void;
  error(socket: BunSocket, error: NodeJS.ErrnoException): void;
}

function connectOnBun(bun: BunSockets, path: string, events: LocalSocketEvents): LocalSocket {
  let connected: BunSocket | undefined;
  let over = false;
  const finish = (error: NodeJS.ErrnoException | undefined): void => {
    if (over) return;
    over = true;
    if (error === undefined) events.ended();
    else events.failed(error);
  };
  const ours: LocalSocket = {
    send: (text) => void connected?.write(text),
    close: () => {
      over = true;
      connected?.end();
    },
  };
  const socket: BunSocketHandlers = {
    open: (opened) => {
      connected = opened;
      if (over) opened.end();
      else events.connected(ours);
    },
    data: (_, bytes) => {
      if (!over) events.data(bytes.toString());
    },
    end: () => finish(undefined),
    close: (_, error) => finish(error),
    error: (_, error) => finish(error),
  };
  // Why a connection was not made is told this way alone.
  bun.connect({ unix: path, socket }).catch(finish);
  return ours;
}

function connectOnNode(path: string, events: LocalSocketEvents): LocalSocket {
  const { connect } = process.getBuiltinModule('node:net');
  const socket = connect({ path });
  const ours: LocalSocket = {
    send: (text) => void socket.write(text),
    close: () => void socket.destroy(),
  };
  socket.setEncoding('utf8');
  socket.on('connect', () => events.connected(ours));
  socket.on('data', (text: string) => events.data(text));
  socket.on('end', () => events.ended());
  socket.on('error', (error) => events.failed(error));
  return ours;
}
