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
