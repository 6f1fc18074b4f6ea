import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { EngineError, type ErrorKind } from '../../errors.ts';
import { runHeardVerb } from '../../host/verb-end.ts';
import { printable } from '../tar/entry.ts';

/** How a verb of the helper that reads trees is run. */
export interface VerbOptions {
  /** Path of the helper's executable. */
  helper: string;
  signal?: AbortSignal | undefined;
}

/** Runs a verb whose output goes to a descriptor of this process. Throws what {@link archiveError} says. */
export async function runVerbTo(
  descriptor: number,
  args: readonly string[],
  options: VerbOptions,
): Promise<void> {
  for await (const _ of runVerb(args, options, descriptor));
}

/** All that a verb prints, as text. Throws as {@link runVerb}. */
export async function answerOf(args: readonly string[], { helper, signal }: VerbOptions): Promise<string> {
  let text = '';
  const hear = (chunk: Buffer) => {
    text += chunk.toString('latin1');
  };
  const {
    code,
    error: cause,
    record,
  } = await runHeardVerb(helper, args, { hear, signal, endsBy: 'SIGKILL' });
  if (signal?.aborted === true) throw cancelled();
  if (code !== 0) throw failureOf(record, { code, ...(cause && { cause }) });
  return text.trimEnd();
}

function cancelled(): EngineError {
  return new EngineError('cancelled', 'reading the files was cancelled');
}

/** Yields what a verb prints. Throws as {@link archiveError}; leaving the loop early ends the verb. */
export async function* runVerb(
  args: readonly string[],
  { helper, signal }: VerbOptions,
  output: number | 'pipe' = 'pipe',
): AsyncGenerator<Buffer> {
  // On first use, as it costs Bun 3 ms to load.
  const { spawn } = process.getBuiltinModule('node:child_process');
  // The fourth descriptor is for the error record.
  const child = spawn(helper, args, { stdio: ['ignore', output, 'ignore', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  let record = '';
  const reports = child.stdio[3] as Readable;
  reports.on('data', (chunk: Buffer) => {
    record += chunk.toString('latin1');
  });
  // On Bun the end of the process does not wait for its report.
  const reported = new Promise<void>((resolve) => reports.once('close', () => resolve()));
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (cause) => resolve({ code: null, cause }));
    child.once('close', (code, killer) => reported.then(() => resolve({ code, killer })));
  });
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted) kill();
  try {
    if (child.stdout !== null) for await (const chunk of child.stdout) yield chunk as Buffer;
    const ending = await ended;
    if (signal?.aborted) throw cancelled();
    if (ending.code !== 0) throw failureOf(record, ending);
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
    await ended;
  }
}

/** How a verb ended: with a code, by a signal, or not at all, as it could not be started. */
interface Ending {
  code: number | null;
  killer?: NodeJS.Signals | null;
  cause?: Error;
}

function failureOf(record: string, { code, killer, cause }: Ending): EngineError {
  const [stage, number, detail] = record.split('\0');
  if (stage !== undefined && number !== undefined && detail !== undefined)
    return archiveError(stage, Number(number), detail);
  if (killer === 'SIGPIPE') return archiveError('archive', errno.EPIPE, '');
  const how =
    cause === undefined
      ? `with ${code === null ? (killer ?? 'a signal') : `code ${code}`}`
      : `: ${cause.message}`;
  return new EngineError('internal', `the helper that reads files ended ${how}`, { cause });
}

const { errno } = constants;
/** Linux's number for EREMOTE, which Node does not name. */
const EREMOTE = 66;

const KINDS = new Map<number, ErrorKind>([
  [errno.EACCES, 'denied'],
  [errno.EPERM, 'denied'],
  [errno.EOPNOTSUPP, 'unsupported'],
  [errno.ESRCH, 'conflict'],
  [errno.ENOENT, 'notFound'],
]);

/** What an error record of the verbs `archive`, `changes` and `finish` means. */
export function archiveError(stage: string, error: number, detail: string): EngineError {
  const path = `/${printable(detail)}`;
  const subject = { subject: path };
  if (stage === 'archive' && error === EREMOTE) {
    return new EngineError('unsupported', `${path} was renamed or changed by reference alone`, {
      ...subject,
      hint: "this kernel's overlay makes redirects or metacopy: switch them off (/sys/module/overlay/parameters)",
    });
  }
  if (stage === 'archive' && error === errno.EILSEQ) {
    return new EngineError(
      'invalid',
      `${path} cannot be part of an image: its name says that another file is gone`,
      {
        ...subject,
        hint: 'names that begin with .wh. are whiteouts of image layers: rename or remove it first',
      },
    );
  }
  if (stage === 'archive' && error === errno.ENAMETOOLONG) {
    return new EngineError(
      'invalid',
      `${path} cannot be part of an image: its name is longer than 4095 bytes`,
      {
        ...subject,
        hint: 'no engine could unpack it: remove what is nested so deep first',
      },
    );
  }
  if (error === errno.EPIPE)
    return new EngineError('unavailable', 'nobody reads the archive any more', subject);
  if (error === errno.ENOSPC || error === errno.EDQUOT) {
    const hint = 'free some space, or write to another place';
    return new EngineError('unavailable', 'no space left on device', { ...subject, hint });
  }
  const name = Object.entries(errno).find(([, value]) => value === error)?.[0] ?? `error ${error}`;
  const what =
    stage === 'archive' ? `${path} cannot be read` : `${printable(detail)} cannot be opened (${stage})`;
  return new EngineError(KINDS.get(error) ?? 'unavailable', `${what}: ${name}`, subject);
}
