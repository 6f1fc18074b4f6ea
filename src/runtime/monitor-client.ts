import { connect } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { EngineError } from '../errors.ts';

/** Answers are one short line; whoever sends more is not our monitor. */
const ANSWER_MAX = 256;

/**
 * Sends a signal to a container's first process through its monitor's control socket (RUN/ID/ctl). Resolves to true
 * when it was delivered, to false when there is nobody left to get it. Throws `internal` when the kernel refuses.
 */
export async function requestSignal(socket: string, signal: number, abort?: AbortSignal): Promise<boolean> {
  const answer = await ask(socket, `signal ${signal}`, abort);
  if (answer === undefined) return false;
  if (answer === 'ok') return true;
  const errno = /^error (\d+)$/.exec(answer)?.[1];
  if (errno === undefined) throw unexpected(answer);
  const name = getSystemErrorName(-Number(errno));
  if (name === 'ESRCH') return false;
  throw new EngineError('internal', `signal ${signal} could not be sent: ${name}`);
}

/** How to stop: ask with `signal`, and with SIGKILL after `timeoutMs`; a negative timeout never escalates. */
export interface StopRequest {
  signal: number;
  timeoutMs: number;
  /** Called when the monitor has been told: what stands in the signal's way can be taken away. */
  whenAsked?: (() => void) | undefined;
}

/** How a stop went. */
export interface StopAnswer {
  code: number;
  /** SIGKILL was sent, as the timeout had passed. */
  escalated: boolean;
  /** The kernel had dropped the signal that came first: as process 1 the container's had no handler for it. */
  ignored: boolean;
}

/**
 * Stops a container for good and waits until its teardown is complete. Resolves to undefined when the monitor is or went
 * away without an answer: the exit record tells then.
 */
export async function requestStop(
  socket: string,
  { signal, timeoutMs, whenAsked }: StopRequest,
  abort?: AbortSignal,
): Promise<StopAnswer | undefined> {
  return endOf(await ask(socket, `stop ${signal} ${timeoutMs}`, abort, whenAsked));
}

/**
 * Waits for the end of a container's run, and its teardown unless it is started again. Resolves to its exit code, or to
 * undefined as `requestStop` does.
 */
export async function requestWait(socket: string, abort?: AbortSignal): Promise<number | undefined> {
  return endOf(await ask(socket, 'wait', abort))?.code;
}

function endOf(answer: string | undefined): StopAnswer | undefined {
  if (answer === undefined) return undefined;
  const [, code, escalated, ignored] = /^exit (\d+)( escalated)?( ignored)?$/.exec(answer) ?? [];
  if (code === undefined) throw unexpected(answer);
  return { code: Number(code), escalated: escalated !== undefined, ignored: ignored !== undefined };
}

function unexpected(answer: string): EngineError {
  return new EngineError('internal', `the monitor gave an unknown answer: "${answer}"`);
}

/** One line out, one line in. A socket that is missing, refuses or ends without a line means: no monitor. */
function ask(
  path: string,
  request: string,
  abort: AbortSignal | undefined,
  whenAsked?: () => void,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    if (abort?.aborted) return reject(cancelled(abort));
    let received = '';
    const socket = connect({ path });
    const settle = (finish: () => void): void => {
      abort?.removeEventListener('abort', onAbort);
      socket.destroy();
      finish();
    };
    const onAbort = (): void => settle(() => reject(cancelled(abort)));
    abort?.addEventListener('abort', onAbort);
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${request}\n`, whenAsked));
    socket.on('data', (text: string) => {
      received += text;
      const end = received.indexOf('\n');
      if (end >= 0) settle(() => resolve(received.slice(0, end)));
      else if (received.length > ANSWER_MAX) settle(() => reject(unexpected(received.slice(0, 60))));
    });
    socket.on('end', () => settle(() => resolve(undefined)));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      settle(() => (isGone(error) ? resolve(undefined) : reject(unreachable(path, error))));
    });
  });
}

function isGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE';
}

function unreachable(path: string, cause: NodeJS.ErrnoException): EngineError {
  return new EngineError(
    'unavailable',
    `the monitor does not answer on ${path}: ${cause.code ?? cause.message}`,
    {
      subject: path,
      cause,
    },
  );
}

function cancelled(abort: AbortSignal | undefined): EngineError {
  return new EngineError('cancelled', 'interrupted while waiting for the container', {
    cause: abort?.reason,
  });
}
