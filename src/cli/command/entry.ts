import type { Command } from 'commander';
import type { Session } from './session.ts';

/** The module of a command: it adds arguments, options and the action to the command. */
export interface CommandModule {
  define(command: Command, session: () => Session): void;
}

/** A command by name, loaded only when it is asked for. */
export interface CommandEntry {
  name: string;
  aliases?: readonly string[];
  summary: string;
  /** Whether the command is left out of the help: it is not for people. */
  hidden?: boolean;
  load(): Promise<CommandModule>;
}

/** Commands under a common word, as in `skiff container ls`. */
export interface CommandGroup {
  name: string;
  summary: string;
  /** Returns the commands in the order of the help. */
  commands(): readonly CommandEntry[];
  /** The command that is meant when the word behind the group's is none of its commands: `skiff snapshot CONTAINER`. */
  otherwise?: CommandEntry;
}

/** Whether a word of the command line is this command's name, or another one of it. */
export function isCalled({ name, aliases }: CommandEntry, word: string): boolean {
  return name === word || aliases?.includes(word) === true;
}
