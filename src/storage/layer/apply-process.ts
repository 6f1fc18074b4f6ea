import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { EngineError, type ErrorKind } from '../../errors.ts';
import { type VerbEnd, verbEnd } from '../../host/verb-end.ts';
import { printable } from '../tar/entry.ts';
import { ApplyStream } from './apply-stream.ts';
import { feed } from './decompress-program.ts';
import { LayerNotes } from './notes.ts';

/** A verb of the helper that performs an apply stream. */
export interface OperationVerb {
  readonly helper: string;
  readonly words: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** What pipes it has beside the usual four, and in which descriptor it reads the operations; absent: none, and 0. */
  readonly pipes?: { readonly more: number; readonly operations: number };
  /** Hears what it prints. */
  hear(chunk: Buffer): void;
  /** What its error record means. */
  explain(stage: string, error: number, detail: string): EngineError;
}

/**
 * The place where the helper applies a layer: alone in `directory`, or with what lower layers have in view: as an overlay of
 * `lowers` (topmost first), or because `directory` has it all already.
 */
export interface ApplyTarget {
  readonly helper: string;
  readonly directory: string;
  readonly view?: 'whole' | { readonly work: string; readonly lowers: readonly string[] } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The most bytes that may wait in the pipe before the archive's reader has to wait. */
const MAX_WAITING = 1024 * 1024;

/**
 * A running verb of the helper that performs operations: they are put into `stream`, `flush` sends them, `finish` waits
 * until all of them are done. Every failure is thrown by the next `flush` or `finish`, as an EngineError that names the
 * entry. The owner always ends with `finish` or `abandon`.
 */
export class OperationProcess {
  readonly stream = new ApplyStream();
  protected readonly child: ChildProcess;
  readonly #input: Writable;
  readonly #ended: Promise<void>;
  readonly #signal: AbortSignal | undefined;
  #exit: VerbEnd | undefined;
  #waiting = 0;
  #written: () => void = () => {};
  readonly #kill = () => this.child.kill('SIGKILL');

  readonly #explain: OperationVerb['explain'];

  constructor({ helper, words, signal, pipes, hear, explain }: OperationVerb) {
    this.#explain = explain;
    // The fourth descriptor is for the error record.
    const { more = 0, operations = 0 } = pipes ?? {};
    // On first use, as it costs Bun 3 ms to load.
    const { spawn } = process.getBuiltinModule('node:child_process');
    this.child = spawn(helper, words, {
      stdio: ['pipe', 'pipe', 'ignore', 'pipe', ...new Array<'pipe'>(more).fill('pipe')],
    });
    this.#signal = signal;
    this.#input = this.child.stdio[operations] as Writable;
    this.#input.on('error', () => {});
    this.child.stdout?.on('data', hear);
    this.#ended = verbEnd(this.child).then((end) => {
      this.#exit = end;
    });
    signal?.addEventListener('abort', this.#kill, { once: true });
    if (signal?.aborted) this.#kill();
  }

  /** Sends what has gathered (with `all` everything) and waits while too much of it is on its way. */
  async flush(all = false): Promise<void> {
    this.#send(all);
    while (this.#waiting > MAX_WAITING && this.#exit === undefined) {
      const written = new Promise<void>((resolve) => {
        this.#written = resolve;
      });
      await Promise.race([written, this.#ended]);
    }
    if (this.#exit !== undefined) throw this.#failure();
  }

  /** Sends everything, and waits for `answer`, or for the end of the helper, which is thrown. */
  protected async await(answer: Promise<void>): Promise<void> {
    await this.flush(true);
    await Promise.race([answer, this.#ended]);
    if (this.#exit !== undefined) throw this.#failure();
  }

  /** Ends the stream and waits until the layer is synced. */
  async finish(): Promise<void> {
    this.stream.end();
    this.#send(true);
    this.#input.end();
    await this.#ended;
    this.#signal?.removeEventListener('abort', this.#kill);
    if (this.#exit?.code !== 0) throw this.#failure();
  }

  /** Gives up: afterwards the helper no longer runs. Does nothing when it has already ended. */
  async abandon(): Promise<void> {
    this.#kill();
    this.#input.destroy();
    await this.#ended;
    this.#signal?.removeEventListener('abort', this.#kill);
  }

  /** Counts what is on its way by itself: the streams of child processes on Bun do not (`writableLength` stays 0). */
  #send(all: boolean): void {
    for (const buffer of this.stream.take(all)) {
      this.#waiting += buffer.length;
      this.#input.write(buffer, () => {
        this.#waiting -= buffer.length;
        this.#written();
      });
    }
  }

  #failure(): EngineError {
    if (this.#signal?.aborted) return new EngineError('cancelled', 'unpacking was cancelled');
    const [stage, error, detail] = (this.#exit?.record ?? '').split('\0');
    if (stage === undefined || error === undefined || detail === undefined) {
      const cause = this.#exit?.error;
      const how = cause === undefined ? `with code ${this.#exit?.code}` : `: ${cause.message}`;
      return new EngineError('internal', `the helper that unpacks layers ended ${how}`, { cause });
    }
    return this.#explain(stage, Number(error), detail);
  }
}

/** What the helper itself can unpack. */
export type AppliedCompression = 'gzip' | 'none';

/**
 * A running `skiff-helper apply`: an operation process that unpacks an archive, whose outline TypeScript reads; that is synced
 * in the end, and notes what a layer is about.
 */
export class ApplyProcess extends OperationProcess {
  readonly notes: LayerNotes;
  readonly outline: Readable;

  constructor({ helper, directory, view, signal }: ApplyTarget, compression: AppliedCompression) {
    const notes = new LayerNotes();
    super({
      helper,
      words: ['apply', directory, compression, ...viewWords(view)],
      signal,
      pipes: { more: 2, operations: 5 },
      hear: (chunk) => notes.push(chunk),
      explain: applyError,
    });
    this.notes = notes;
    this.outline = this.child.stdio[4] as Readable;
  }

  /** Hands the archive over; resolves when all of it is, or nobody takes more: with what `source` threw. */
  async feed(source: AsyncIterable<Uint8Array>): Promise<{ error: unknown } | undefined> {
    const stdin = this.child.stdin as Writable;
    stdin.on('error', () => {});
    return await feed(stdin, source);
  }

  /** Waits until everything so far is done; then the notes are complete. */
  async checkpoint(): Promise<LayerNotes> {
    this.stream.checkpoint();
    await this.await(this.notes.complete);
    return this.notes;
  }
}

function viewWords(view: ApplyTarget['view']): string[] {
  if (view === undefined) return [];
  return view === 'whole' ? ['--whole'] : ['--work', view.work, ...view.lowers];
}

const { errno } = constants;
const KINDS = new Map<number, ErrorKind>([
  [errno.ENOSPC, 'unavailable'],
  [errno.EDQUOT, 'unavailable'],
  [errno.EIO, 'unavailable'],
  [errno.EROFS, 'unavailable'],
  [errno.ENOMEM, 'unavailable'],
  [errno.EMFILE, 'unavailable'],
  [errno.ENFILE, 'unavailable'],
  [errno.EACCES, 'denied'],
  [errno.EPERM, 'denied'],
  [errno.EOPNOTSUPP, 'unsupported'],
]);

/** Puts an error record of `apply` into words: most failures are the archive's fault. */
export function applyError(stage: string, error: number, detail: string): EngineError {
  const name = printable(detail);
  const details = { subject: name };
  if (error === errno.ENOSPC || error === errno.EDQUOT) {
    const what = error === errno.ENOSPC ? 'no space left on device' : 'disk quota exceeded';
    return new EngineError('unavailable', what, {
      ...details,
      hint: 'free some space where the store lies, or choose another place with --root',
    });
  }
  const code = nameOf(error);
  if (stage === 'layer-link' && (error === errno.ENOENT || error === errno.ENOTDIR)) {
    return new EngineError(
      'invalid',
      `entry "${name}" is a hard link to something that is not there`,
      details,
    );
  }
  if (stage === 'layer-link' && error === errno.EPERM) {
    return new EngineError('invalid', `entry "${name}" is a hard link to a directory`, details);
  }
  if (stage === 'layer-entry' || stage === 'layer-link' || stage === 'layer-write') {
    return new EngineError(KINDS.get(error) ?? 'invalid', `entry "${name}" cannot be made: ${code}`, details);
  }
  if (stage === 'layer-overlay') {
    const hint = 'the kernel needs overlayfs, and a file system below the store that it accepts';
    return new EngineError('unsupported', `cannot mount an overlay for ${name}: ${code}`, {
      ...details,
      hint,
    });
  }
  return new EngineError(KINDS.get(error) ?? 'internal', `${stage} ${name}: ${code}`, details);
}

function nameOf(error: number): string {
  return Object.entries(errno).find(([, value]) => value === error)?.[0] ?? `error ${error}`;
}
