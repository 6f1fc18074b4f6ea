import type { Readable } from 'node:stream';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';

/** Programs of the host that decompress from standard input to standard output. */
const PROGRAMS = { xz: ['xz', '-dc', '-T1'], bzip2: ['bzip2', '-dc'] } as const;

/**
 * Decompresses what skiff itself cannot, by a program of the host. Throws `unsupported` when that is not installed,
 * `invalid` when it refuses the data; errors of `source` as they are.
 */
export async function* decompressByProgram(
  name: keyof typeof PROGRAMS,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const [program, ...args] = PROGRAMS[name];
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = collect(child.stderr);
  const ended = new Promise<{ code: number | null; cause?: Error }>((resolve) => {
    child.once('error', (cause) => resolve({ code: null, cause }));
    child.once('close', (code) => resolve({ code }));
  });
  child.stdin.on('error', () => {});
  const feeding = feed(child.stdin, source);
  try {
    try {
      for await (const piece of child.stdout) yield piece as Buffer;
    } catch (error) {
      throw (await ended).cause === undefined ? error : notStarted(program, (await ended).cause as Error);
    }
    const { code, cause } = await ended;
    const failure = await feeding;
    if (cause !== undefined) throw notStarted(program, cause);
    if (failure !== undefined) throw failure.error;
    if (code !== 0)
      throw new EngineError('invalid', `the ${name} stream is damaged: ${said().trim() || `code ${code}`}`);
  } finally {
    child.kill('SIGKILL');
    child.stdin.destroy();
    await ended;
    await feeding;
  }
}

/** The most bytes that may wait to be written: whoever reads them is busy with others, or has no processor just now. */
const MAX_WAITING = 2 * 1024 * 1024;

/** Writes all of it into a process; resolves when that is done, or nobody takes more: with what `source` threw. */
export async function feed(
  stdin: NodeJS.WritableStream & { destroyed: boolean },
  source: AsyncIterable<Uint8Array>,
): Promise<{ error: unknown } | undefined> {
  let waiting = 0;
  let proceed = (): void => {};
  stdin.once('close', () => proceed());
  const room = async (most: number): Promise<void> => {
    while (waiting > most && !stdin.destroyed) {
      await new Promise<void>((resolve) => {
        proceed = resolve;
      });
    }
  };
  try {
    for await (const chunk of source) {
      if (stdin.destroyed) return undefined;
      waiting += chunk.length;
      stdin.write(chunk, () => {
        waiting -= chunk.length;
        proceed();
      });
      await room(MAX_WAITING);
    }
    await room(0);
    stdin.end();
    return undefined;
  } catch (error) {
    // Its end would be taken for the end of the data.
    stdin.end();
    return { error };
  }
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(0, 1000);
  });
  return () => text;
}

function notStarted(program: string, cause: Error): EngineError {
  if (!isMissing(cause))
    return new EngineError('unavailable', `${program} cannot be run: ${cause.message}`, { cause });
  return new EngineError(
    'unsupported',
    `the archive is compressed with ${program}, which is not installed here`,
    {
      subject: program,
      hint: `install ${program}, or compress it with gzip or zstd`,
      cause,
    },
  );
}
