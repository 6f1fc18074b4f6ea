import { connect } from 'node:net';

/** What came back on a connection, and whether the other side has closed it well. */
export interface RawAnswer {
  text: string;
  closed: boolean;
}

/** Sends bytes on a connection of their own and reads until the other side closes it; `ends`: this side ends before that. */
export function sendRaw(path: string, bytes: string, { ends = false } = {}): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ path, allowHalfOpen: true });
    let text = '';
    const finish = (closed: boolean) => {
      resolve({ text, closed });
      socket.destroy();
    };
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      text += piece;
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(false));
    if (ends) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  });
}
