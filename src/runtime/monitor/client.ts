import { EngineError } from '../../errors.ts';
import { connectLocal } from '../../host/local-socket.ts';

/** Answers are one short line; whoever sends more is not our monitor. */
const ANSWER_MAX = 256;

/** EINVAL (errno(3)): what a monitor answers to a request that it does not know. */
const NO_SUCH_REQUEST = 'error 22';

/** No such process (errno(3)). */
const ESRCH = 3;

/**
 * Sends a signal to a container's first process through its monitor's control socket (RUN/ID/ctl). Resolves to true
 * when it was delivered, to false when there is nobody left to get it. Throws `internal` when the kernel refuses.
 */
export async function requestSignal(socket: string, signal: number, abort?: AbortSignal): Promise<boolean> {
  return await obeyed(
    socket,
    { request: `signal ${signal}`, what: `signal ${signal} could not be sent` },
    abort,
  );
}

/**
 * Says when a container is to be started again from now on; `maximum` 0: without end. Resolves to false when it has
 * ended for good.
 */
export async function requestRestartPolicy(
  socket: string,
  { policy, maximum }: { policy: 'no' | 'always' | 'unless-stopped' | 'on-failure'; maximum: number },
): Promise<boolean> {
  return await obeyed(socket, {
    request: `restart-policy ${policy} ${maximum}`,
    what: `the restart policy ${policy} could not be set`,
  });
}

/** Says that the files of a container stay when it ends, whatever its plan says. False when it has ended. */
export async function requestKeep(socket: string): Promise<boolean> {
  return await obeyed(socket, { request: 'keep', what: 'the files of the container could not be kept' });
}

/**
 * Waits until nobody else holds the lock of a container's run, and holds it until the returned function is called, or
 * this process ends. Resolves to undefined when there is no monitor: the run is over. A monitor that an older skiff has
 * started knows of no lock: it keeps nobody out, as it did not then. With `thaws` the container goes on when the lock is let
 * go, unless it was paused before, also if this process was killed; a monitor of an older skiff leaves that to this process.
 */
export async function requestLock(
  socket: string,
  { thaws = false }: { thaws?: boolean | undefined } = {},
): Promise<(() => void) | undefined> {
  const { answer, close } = converse(socket, thaws ? 'lock thaw' : 'lock', undefined);
  let isHeld = false;
  try {
    const word = await answer;
    if (thaws && word === NO_SUCH_REQUEST) return await requestLock(socket);
    if (word !== undefined && word !== 'ok' && word !== NO_SUCH_REQUEST) throw unexpected(word);
    isHeld = word !== undefined;
    return isHeld ? close : undefined;
  } finally {
    if (!isHeld) close();
  }
}

/** False: there is nobody left to do it. `what` is said of a refusal. */
async function obeyed(
  socket: string,
  { request, what }: { request: string; what: string },
  abort?: AbortSignal,
): Promise<boolean> {
  const answer = await ask(socket, request, abort);
  return answer !== undefined && obeys(answer, what);
}

/** Whether the monitor did what it was told; false: there is nobody to whom it could be done. */
function obeys(answer: string, what: string): boolean {
  if (answer === 'ok') return true;
  const errno = /^error (\d+)$/.exec(answer)?.[1];
  if (errno === undefined) throw unexpected(answer);
  if (Number(errno) === ESRCH) return false;
  const { getSystemErrorName } = process.getBuiltinModule('node:util');
  const name = getSystemErrorName(-Number(errno));
  throw new EngineError('internal', `${what}: ${name}`);
}

/**
 * Tells a monitor that the networks of its container have changed: it starts a resolver that has its files by now, and
 * what is relayed goes where the file of ports says. False: there is none any more.
 */
export async function requestRenewal(socket: string): Promise<boolean> {
  return await obeyed(socket, { request: 'renew', what: 'the resolver of the container cannot be started' });
}

/**
 * Tells a monitor that it has more cgroups of its own, by RUN/ID/monitor-cgroups: it makes them, and goes there. False: it
 * has ended, or an older skiff has started it, which knows of none.
 */
export async function requestMonitorCgroups(socket: string): Promise<boolean> {
  const answer = await ask(socket, 'monitor-cgroups', undefined);
  if (answer === undefined || answer === NO_SUCH_REQUEST) return false;
  return obeys(answer, 'the monitor of the container cannot be limited');
}

/**
 * Gives the terminal of a container a size, in characters. False: it has ended. Throws `internal` when it has none.
 */
export async function requestResize(
  socket: string,
  { rows, columns }: { rows: number; columns: number },
): Promise<boolean> {
  return await obeyed(socket, {
    request: `resize ${rows} ${columns}`,
    what: 'the terminal of the container cannot be resized',
  });
}

/** How to stop: ask with `signal`, and with SIGKILL after `timeoutMs`; a negative timeout never escalates. */
export interface StopRequest {
  signal: number;
  timeoutMs: number;
  /** Called when the monitor has been told to stop: what stands in the signal's way can be taken away. */
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

/**
 * Sends one line and returns the line that answers it. A socket that is missing, refuses or ends without a line means:
 * no monitor.
 */
async function ask(
  path: string,
  request: string,
  abort: AbortSignal | undefined,
  whenAsked?: () => void,
): Promise<string | undefined> {
  const connection = converse(path, request, abort, whenAsked);
  try {
    return await connection.answer;
  } finally {
    connection.close();
  }
}

/** Sends one line; returns the line that answers it, later, and a function that ends the connection. */
function converse(
  path: string,
  request: string,
  abort: AbortSignal | undefined,
  whenAsked?: () => void,
): { answer: Promise<string | undefined>; close: () => void } {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  if (abort?.aborted) throw cancelled(abort);
  const onAbort = (): void => reject(cancelled(abort));
  abort?.addEventListener('abort', onAbort);
  let received = '';
  const socket = connectLocal(path, {
    connected: (opened) => {
      opened.send(`${request}\n`);
      try {
        whenAsked?.();
      } catch (error) {
        reject(error);
      }
    },
    data: (text) => {
      received += text;
      const end = received.indexOf('\n');
      if (end >= 0) resolve(received.slice(0, end));
      else if (received.length > ANSWER_MAX) reject(unexpected(received.slice(0, 60)));
    },
    ended: () => resolve(undefined),
    failed: (error) => (isGone(error) ? resolve(undefined) : reject(unreachable(path, error))),
  });
  const close = (): void => {
    abort?.removeEventListener('abort', onAbort);
    socket.close();
  };
  return { answer: promise, close };
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
