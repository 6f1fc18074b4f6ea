import type { Readable } from 'node:stream';
import { type BunProcesses, bunProcesses, readRecord } from './bun-processes.ts';
import type { Handover } from './replace-process.ts';

/** How a program ended. `code` is undefined when a signal ended it, also for having run out of time. */
export interface ProgramResult {
  code: number | undefined;
  stdout: string;
  /** The standard error, without blank space around it. */
  stderr: string;
}

/**
 * Runs a program to its end, with nothing on its standard input, and collects what it says. An exit code that is not
 * 0 is a result like any other; what is thrown is the system's error for a program that cannot be started (`ENOENT`).
 * `timeoutMs`: then it is killed. On Bun by its own means: loading execa takes ten times as long as a short program.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { timeoutMs = 0 }: { timeoutMs?: number } = {},
): Promise<ProgramResult> {
  const bun = bunProcesses();
  return bun === undefined
    ? await runWithExeca(file, args, timeoutMs)
    : await runOnBun(bun, [file, ...args], timeoutMs);
}

async function runOnBun(
  bun: BunProcesses,
  command: readonly string[],
  timeout: number,
): Promise<ProgramResult> {
  const limit = timeout > 0 ? { timeout, killSignal: 'SIGKILL' } : {};
  const child = bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', ...limit });
  const [stdout, stderr] = await Promise.all([
    bun.readableStreamToText(child.stdout),
    bun.readableStreamToText(child.stderr),
    child.exited,
  ]);
  return { code: child.exitCode ?? undefined, stdout, stderr: stderr.trim() };
}

async function runWithExeca(file: string, args: readonly string[], timeout: number): Promise<ProgramResult> {
  const { execa } = await import('execa');
  const result = await execa(file, args, {
    stdin: 'ignore',
    reject: false,
    timeout,
    killSignal: 'SIGKILL',
    stripFinalNewline: false,
  });
  if (result.exitCode === undefined && result.signal === undefined) throw result.cause ?? result;
  return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr.trim() };
}

/**
 * Yields the lines that a program prints, as it prints them, until it ends by itself or `signal` aborts, which ends it.
 * Throws the system's error for a program that cannot be started (`ENOENT`).
 */
export async function* linesOfProgram(
  file: string,
  args: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { execa } = await import('execa');
  const program = execa(file, args, { stdin: 'ignore', stderr: 'ignore', reject: false, buffer: false });
  const stop = (): void => void program.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* program.iterable();
    const result = await program;
    if (result.exitCode === undefined && result.signal === undefined) throw result.cause ?? result;
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
  }
}

/** A stream of a program's output. */
export type OutputStream = 'stdout' | 'stderr';

/** How a program's output is taken while it runs. */
export interface Listening {
  /** Called with what it has written, in the order of each stream. What it returns is awaited before more is read. */
  onOutput: (bytes: Uint8Array, stream: OutputStream) => unknown;
  /** What it reads from its standard input; absent: nothing. */
  input?: Uint8Array | undefined;
  /** When it aborts the program gets SIGKILL. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs a program to its end and passes on what it writes. Resolves when all who have
 * its streams are done, to its exit code; undefined: a signal ended it. Throws the system's error for a program that
 * cannot be started (`ENOENT`). On Bun by its own means, as `runProgram`.
 */
export async function listenToProgram(
  program: Handover,
  { onOutput, input, signal }: Listening,
): Promise<number | undefined> {
  const bun = bunProcesses();
  if (bun === undefined) return await listenWithExeca(program, { onOutput, input, signal });
  const { file, args, env } = program;
  const [argv0 = file, ...rest] = args;
  const child = bun.spawn([file, ...rest], {
    argv0,
    stdin: input ?? 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    ...(env === undefined ? {} : { env }),
  });
  const kill = () => child.kill('SIGKILL');
  if (signal?.aborted === true) kill();
  signal?.addEventListener('abort', kill, { once: true });
  const take = async (stream: AsyncIterable<Uint8Array>, name: OutputStream): Promise<void> => {
    for await (const bytes of stream) await onOutput(bytes, name);
  };
  await Promise.all([
    take(child.stdout as AsyncIterable<Uint8Array>, 'stdout'),
    take(child.stderr as AsyncIterable<Uint8Array>, 'stderr'),
    child.exited,
  ]).finally(() => signal?.removeEventListener('abort', kill));
  return child.exitCode ?? undefined;
}

async function listenWithExeca(
  { file, args, env }: Handover,
  { onOutput, input, signal }: Listening,
): Promise<number | undefined> {
  const { execa } = await import('execa');
  const [argv0 = file, ...rest] = args;
  const child = execa(file, rest, {
    argv0,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    reject: false,
    buffer: false,
    ...(env === undefined ? {} : { env, extendEnv: false }),
    ...(signal === undefined ? {} : { cancelSignal: signal, killSignal: 'SIGKILL' }),
  });
  const take = (stream: Readable, name: OutputStream) =>
    stream.on('data', (bytes: Uint8Array) => {
      stream.pause();
      void Promise.resolve(onOutput(bytes, name)).then(() => stream.resume());
    });
  take(child.stdout, 'stdout');
  take(child.stderr, 'stderr');
  const result = await child;
  if (result.exitCode === undefined && result.signal === undefined && !result.isCanceled)
    throw result.cause ?? result;
  return result.exitCode;
}

/** A step of the helper that failed: the error record of native/VERBS.md. */
export interface HelperFailure {
  stage: string;
  errno: number;
  detail: string;
}

/** The answer of a verb of the helper. */
export interface HelperAnswer {
  output: Uint8Array;
  /** Absent: all went well. */
  failure?: HelperFailure | undefined;
}

/**
 * Runs a verb of the helper to its end, with `input` on its standard input, and collects its output and its error
 * record. `descriptor`: the output goes there instead. Throws the system's error when it cannot be started. On Bun by its
 * own means, as `runProgram`.
 */
export async function callHelper(
  helper: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
  descriptor?: number,
): Promise<HelperAnswer> {
  const bun = bunProcesses();
  const ended =
    bun === undefined
      ? await callWithExeca(helper, args, { input, descriptor })
      : await callOnBun(bun, [helper, ...args], { input, descriptor });
  if (ended.code === 0) return { output: ended.output };
  const [stage = '', errno = '0', detail = ''] = Buffer.from(ended.record).toString().split('\0');
  return {
    output: ended.output,
    failure: { stage: stage === '' ? 'helper' : stage, errno: Number(errno), detail },
  };
}

interface HelperStreams {
  input: Uint8Array;
  descriptor: number | undefined;
}

interface EndedHelper {
  /** The exit code; undefined when a signal ended it. */
  code: number | undefined;
  output: Uint8Array;
  record: Uint8Array;
}

/**
 * Calls the helper on Bun. Its error record is small: it waits in the pipe of descriptor 3 until the helper has ended.
 */
async function callOnBun(
  bun: BunProcesses,
  command: readonly string[],
  { input, descriptor }: HelperStreams,
): Promise<EndedHelper> {
  const stdin = input.length === 0 ? 'ignore' : input;
  const child = bun.spawn(command, { stdio: [stdin, descriptor ?? 'pipe', 'ignore', 'pipe'] });
  const collected =
    descriptor === undefined ? bun.readableStreamToBytes(child.stdout) : Promise.resolve(new Uint8Array());
  const [output] = await Promise.all([collected, child.exited]);
  return { code: child.exitCode ?? undefined, output, record: readRecord(child) };
}

async function callWithExeca(
  helper: string,
  args: readonly string[],
  { input, descriptor }: HelperStreams,
): Promise<EndedHelper> {
  const { execa } = await import('execa');
  const result = await execa(helper, args, {
    input,
    encoding: 'buffer',
    reject: false,
    // Its types know no result of what goes to a descriptor.
    stdio: ['pipe', (descriptor ?? 'pipe') as 'pipe', 'ignore', 'pipe'],
  });
  if (result.exitCode === undefined && result.signal === undefined) throw result.cause ?? result;
  const record = result.stdio[3] as Uint8Array | undefined;
  return {
    code: result.exitCode,
    output: result.stdout ?? new Uint8Array(),
    record: record ?? new Uint8Array(),
  };
}
