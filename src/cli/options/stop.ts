import { type Command, Option } from 'commander';
import type { StopOptions } from '../../engine/options/create.ts';
import { parseStopSignal } from '../../grammar/process.ts';
import { integer } from '../../grammar/words.ts';

export interface StopFlags {
  signal?: string;
  time?: number;
  timeout?: number;
}

/** Adds the options for how a container is asked to end, and for how long. Docker has had two names for the latter. */
export function addStopOptions(command: Command): void {
  command
    .option('-s, --signal <signal>', 'instead of its own stop signal: TERM, SIGTERM or 15', parseStopSignal)
    .option('-t, --time <seconds>', 'how long to wait before killing; negative: forever', integer)
    .addOption(new Option('--timeout <seconds>').argParser(integer).hideHelp());
}

export function stopRequest({ signal, timeout, time = timeout }: StopFlags): StopOptions {
  return { signal, timeoutMs: time === undefined ? undefined : time * 1000 };
}
