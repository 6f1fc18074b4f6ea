import type { Handover } from './replace-process.ts';

/** How a program ended. `code` is undefined when a signal ended it, also for having run out of time. */
export interface ProgramResult {
  code: number | undefined;
  stdout: string;
  /** Without blank space around it. */
  stderr: string;
}

/**
 * Runs a program to its end, with nothing on its standard input, and collects what it says. An exit code that is not
 * 0 is a result like any other; what is thrown is the system's error for a program that cannot be started (`ENOENT`).
 * `timeoutMs`: then it is killed. execa is loaded on first use: on the path of `run` no program is run this way.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { timeoutMs = 0 }: { timeoutMs?: number } = {},
): Promise<ProgramResult> {
  const { execa } = await import('execa');
  const result = await execa(file, args, {
    stdin: 'ignore',
    reject: false,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    stripFinalNewline: false,
  });
  if (result.exitCode === undefined && result.signal === undefined) throw result.cause ?? result;
  return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr.trim() };
}

/** What a terminal or a supervisor says to a program, which here means the one that runs in the foreground. */
const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs a program to its end on this process's own standard streams, passes signals on to it, and returns its exit code,
 * 128 + n when signal n ended it. A terminal sends its signals to both: the program is in the same process group.
 */
export async function runInForeground({ file, args, env }: Handover): Promise<number> {
  const { execa } = await import('execa');
  const [argv0 = file, ...rest] = args;
  const child = execa(file, rest, {
    argv0,
    stdio: 'inherit',
    reject: false,
    ...(env === undefined ? {} : { env }),
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  const { exitCode, signal } = await child;
  for (const each of FORWARDED) process.off(each, forward);
  const number =
    signal === undefined ? 0 : (process.getBuiltinModule('node:os').constants.signals[signal] ?? 0);
  return exitCode ?? 128 + number;
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
