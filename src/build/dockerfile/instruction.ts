/** Where something stands in a Dockerfile, counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** The instructions of the language. */
export const KEYWORDS = [
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
] as const;

export type Keyword = (typeof KEYWORDS)[number];

/** `--name=value`, or `--name` alone, whose value is absent. Nothing is expanded yet. */
export interface Flag {
  name: string;
  value?: string | undefined;
  at: Position;
}

/** A document that stands below an instruction (`<<NAME`). */
export interface Heredoc {
  name: string;
  /** Its lines with their ends; with `<<-` the tabs before them are gone. */
  content: string;
  /** The same as they were written. */
  source: string;
  /** False when the name was quoted: variables in it stay as they are. */
  expand: boolean;
  /** `<<-`. */
  chomp: boolean;
  at: Position;
}

/** An instruction as it stands in the file: its lines are joined, nothing is expanded. */
export interface Instruction {
  keyword: Keyword;
  /** The keyword as it was written. */
  word: string;
  flags: readonly Flag[];
  /** What stands behind keyword and flags, heredocs' markers included. */
  rest: string;
  /** Where `rest` begins. */
  restAt: Position;
  /** The words, when `rest` is a JSON list of strings and the instruction takes that form. */
  words: readonly string[] | undefined;
  heredocs: readonly Heredoc[];
  start: Position;
  /** The last line that belongs to it, with its heredocs. */
  endLine: number;
  /** Its lines joined to one, without heredocs. */
  line: string;
  /** Its lines as they were written, joined by newlines. */
  source: string;
  /** The comments right above it, without their marks. */
  comments: readonly string[];
  /** Whether an ONBUILD of the base has put it there. */
  isTrigger: boolean;
  /** The last line of those that it goes on, when one between is empty. */
  emptyContinuation: number | undefined;
}

/** A Dockerfile that was read. */
export interface Dockerfile {
  /** How it is called in messages. */
  name: string;
  /** The lines of the file, for messages that show one. */
  lines: readonly string[];
  /** The directives at its beginning: `syntax`, `escape`, `check`. */
  directives: Readonly<Record<string, string>>;
  /** The character that escapes and that lets a line go on: a backslash, or a backtick. */
  escape: string;
  instructions: readonly Instruction[];
}
