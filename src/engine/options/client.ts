export type StreamName = 'stdin' | 'stdout' | 'stderr';

/**
 * How the program that a command becomes takes part in a container's streams: with `run`, `start -a`, `attach` and
 * `exec`. The helper is told by the words of HOW (native/VERBS.md, "The helper's verbs").
 */
export interface ClientOptions {
  /** The streams to take part in; absent: all. Standard input counts only if the container has one. */
  streams?: readonly StreamName[] | undefined;
  /** The bytes that detach, in hex; empty: none do; absent: Ctrl-P Ctrl-Q. */
  detachKeys?: string | undefined;
  /** Signals that reach the command go to the container. Absent: they do. */
  forwardSignals?: boolean | undefined;
  /** The end of its input is the end of all that it takes part in. */
  untilInput?: boolean | undefined;
  /** The size of its terminal from the first byte on; absent: of the terminal that the command has, if it has one. */
  size?: TerminalSize | undefined;
}

/** The size of a terminal, in characters. */
export interface TerminalSize {
  rows: number;
  columns: number;
}

const STREAM_WORDS: Readonly<Record<StreamName, string>> = { stdin: 'in', stdout: 'out', stderr: 'err' };

/** Returns the options as the words HOW of the helper. */
export function clientWords({
  streams,
  detachKeys,
  forwardSignals,
  untilInput,
  size,
}: ClientOptions): string[] {
  return [
    ...(streams === undefined ? [] : [`streams=${streams.map((name) => STREAM_WORDS[name]).join()}`]),
    ...(detachKeys === undefined ? [] : [`keys=${detachKeys}`]),
    ...(size === undefined ? [] : [`size=${size.rows},${size.columns}`]),
    ...(untilInput === true ? ['until=input'] : []),
    ...(forwardSignals === false ? ['signals=no'] : []),
  ];
}
