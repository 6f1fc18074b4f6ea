import { connect } from 'node:net';
import { EngineError } from '../errors.ts';

/**
 * Joins this process's standard input and output to a Unix socket: the end of one side is that of the other's, and who
 * listens there may answer after the end of the input. Resolves when they have nothing more to say, or `signal` aborts.
 * Throws `unavailable` when nobody listens there.
 */
export async function joinStdio(path: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ path, allowHalfOpen: true });
  socket.once('error', reject);
  socket.once('connect', () => {
    process.stdin.pipe(socket);
    process.stdout.once('error', () => resolve());
    socket.pipe(process.stdout, { end: false });
    socket.once('end', resolve).once('close', () => resolve());
  });
  signal.addEventListener('abort', () => resolve(), { once: true });
  try {
    await promise;
  } catch (cause) {
    throw new EngineError('unavailable', `nobody answers on ${path}`, { subject: path, cause });
  } finally {
    process.stdin.unpipe(socket).pause();
    socket.destroy();
  }
}
