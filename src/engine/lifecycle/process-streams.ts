import { type PipedProgram, startPiped } from '../../host/piped-program.ts';
import type { Handover } from '../../host/replace-process.ts';
import type { OutputStream } from '../../host/run-program.ts';
import { requestResize } from '../../runtime/monitor/client.ts';
import type { ClientOptions, TerminalSize } from '../options/client.ts';

/** A piece of what a process has written. With a terminal all of it is standard output. */
export interface OutputChunk {
  stream: OutputStream;
  bytes: Uint8Array;
}

/**
 * The streams of a process of a container, for a caller who goes on while it runs: what `run`, `attach` and `exec` of the
 * helper relay, on pipes. When the caller ends, they do, and the process stays.
 */
export interface ProcessStreams {
  /** In the order of each stream; taken by one reader. It ends with the streams, or when they are left. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Resolves when there is room for more. What nobody reads any more is dropped. */
  write(bytes: Uint8Array): Promise<void>;
  endInput(): void;
  /** Whether the end of the input is the end of all for this caller; the process goes on. */
  readonly leavesWithInput: boolean;
  /** Does nothing for a process without a terminal, or one that has ended. */
  resize(size: TerminalSize): Promise<void>;
  /**
   * The exit code as the command has it that relays them: of the process, 126 or 127 when it could not be started (why was
   * written to standard error), 0 when the detach keys were typed.
   */
  readonly ended: Promise<number>;
  /** Leaves the process to itself. */
  leave(): void;
}

/**
 * Becomes the caller of the helper's `exec` (its first word: `exec`), which hears of sizes on its descriptor 3, or of its
 * `attach`: then they go to the container's control socket.
 */
export function processStreams(
  handover: Handover,
  { untilInput }: ClientOptions,
  control?: string,
): ProcessStreams {
  if (control !== undefined) return streamsOf(startPiped(handover), untilInput === true, control);
  return streamsOfExec(startPiped(withWord(handover, 'sizes')), untilInput === true);
}

/** What was asked for is started, also if its caller has gone by then. */
function streamsOfExec(program: PipedProgram, leavesWithInput: boolean): ProcessStreams {
  const streams = streamsOf(program, leavesWithInput);
  const { promise: started, resolve } = Promise.withResolvers<void>();
  program.control.once('data', () => resolve());
  const close = () => {
    resolve();
    // Whoever holds the process has the other end for as long as that runs, with or without us.
    program.control.destroy();
  };
  program.ended.then(close, close);
  return { ...streams, leave: () => void started.then(streams.leave) };
}

/**
 * Becomes the caller of the helper's `run`, or `attach` for a container that runs. `started` resolves to whether the command
 * was executed; if not, the output says why.
 */
export function streamsOfStart(
  handover: Handover,
  client: ClientOptions,
  control: string,
): { streams: ProcessStreams; started: Promise<boolean> } {
  const [, verb] = handover.args;
  if (verb !== 'run')
    return { streams: processStreams(handover, client, control), started: Promise.resolve(true) };
  const program = startPiped(withWord(handover, 'tell'));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  program.control.once('data', () => resolve(true));
  program.ended.then(
    () => resolve(false),
    () => resolve(false),
  );
  return { streams: streamsOf(program, client.untilInput === true, control), started: promise };
}

/** VERB, PLAN and the mode, then the word. */
function withWord({ args, ...rest }: Handover, word: string): Handover {
  return { ...rest, args: [...args.slice(0, 4), word, ...args.slice(4)] };
}

function streamsOf(program: PipedProgram, leavesWithInput: boolean, control?: string): ProcessStreams {
  return {
    output: outputOf(program),
    ended: program.ended,
    async write(bytes) {
      if (!program.stdin.writable || program.stdin.write(bytes)) return;
      await untilDrained(program);
    },
    endInput: () => void program.stdin.end(),
    leavesWithInput,
    async resize(size) {
      if (control !== undefined) await requestResize(control, size);
      else if (program.control.writable) program.control.write(`resize ${size.rows} ${size.columns}\n`);
    },
    leave: () => program.kill(),
  };
}

async function untilDrained({ stdin }: PipedProgram): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const event of ['drain', 'close']) stdin.on(event, resolve);
  await promise;
  for (const event of ['drain', 'close']) stdin.off(event, resolve);
}

/**
 * Takes from both pipes what comes, the one that has something first; what is not taken holds the program back. The first
 * piece of each is asked for at once: on Bun what nobody has asked for is lost with the program's end.
 */
function outputOf({ stdout, stderr, ended }: PipedProgram): AsyncGenerator<OutputChunk> {
  // A program that cannot be started has no streams to speak of.
  ended.catch(() => {});
  const sources = [
    { stream: 'stdout' as const, chunks: stdout[Symbol.asyncIterator]() },
    { stream: 'stderr' as const, chunks: stderr[Symbol.asyncIterator]() },
  ];
  return inTurn(new Map(sources.map((source) => [source, nextOf(source)])));
}

async function* inTurn(
  pending: Map<OutputSource, Promise<{ source: OutputSource; result: IteratorResult<Uint8Array> }>>,
): AsyncGenerator<OutputChunk> {
  while (pending.size > 0) {
    const { source, result } = await Promise.race(pending.values());
    if (result.done === true) {
      pending.delete(source);
    } else {
      pending.set(source, nextOf(source));
      // Bun gives an empty piece now and then; a frame of nothing is an end to some clients.
      if (result.value.length > 0) yield { stream: source.stream, bytes: result.value };
    }
  }
}

interface OutputSource {
  stream: OutputStream;
  chunks: AsyncIterator<Uint8Array>;
}

/** A pipe that was destroyed meanwhile has ended. */
async function nextOf(
  source: OutputSource,
): Promise<{ source: OutputSource; result: IteratorResult<Uint8Array> }> {
  try {
    return { source, result: await source.chunks.next() };
  } catch {
    return { source, result: { done: true, value: undefined } };
  }
}
