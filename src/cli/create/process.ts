import type { Command } from 'commander';
import type { ProcessOptions, RlimitOption, StopOptions } from '../../engine/options/create.ts';
import { environmentEntry, environmentFile } from '../parse/environment.ts';
import { parseStopSignal, parseUlimit, parseUmask } from '../parse/process.ts';
import { integer, listOf, some } from '../parse/words.ts';

export interface ProcessFlags {
  entrypoint?: string;
  env?: string[];
  envFile?: string[];
  groupAdd?: string[];
  init?: boolean;
  interactive?: boolean;
  oomScoreAdj?: number;
  stopSignal?: string;
  stopTimeout?: number;
  tty?: boolean;
  tz?: string;
  ulimit?: RlimitOption[];
  umask?: number;
  user?: string;
  workdir?: string;
}

/** What runs, as whom, and how it is asked to stop. */
export function addProcessOptions(command: Command): void {
  command
    .optionsGroup('Process:')
    .option('--entrypoint <command>', "replace the image's entrypoint; empty: have none")
    .option(
      '-e, --env <key=value>',
      'set a variable; KEY alone takes it from here (repeatable)',
      environmentEntry,
    )
    .option('--env-file <file>', 'variables from a file, one on each line (repeatable)', environmentFile)
    .option('-i, --interactive', 'keep standard input open')
    .option('-t, --tty', 'give it a terminal')
    .option('-u, --user <name|uid[:group|gid]>', 'who runs the command')
    .option('--group-add <group>', 'one more group, by name or number (repeatable)', listOf(some('a group')))
    .option('-w, --workdir <dir>', 'working directory inside the container')
    .option('--umask <octal>', 'mask of file modes, as in 0027', parseUmask)
    .option('--tz <zone>', "time zone, as in Europe/Berlin; local: the host's", some('the time zone'))
    .option('--init', 'an init as PID 1 that forwards signals and reaps')
    .option(
      '--ulimit <name=soft[:hard]>',
      'limit of the process, as in nofile=1024 (repeatable)',
      listOf(parseUlimit),
    )
    .option(
      '--oom-score-adj <number>',
      'how gladly the kernel kills it when memory is short, -1000 to 1000',
      integer,
    )
    .option('--stop-signal <signal>', 'what stop sends, as in SIGINT', parseStopSignal)
    .option('--stop-timeout <seconds>', 'how long stop waits before it kills; -1: forever', integer);
}

/** `command` is what the words after the image say. */
export function processOptions(flags: ProcessFlags, command: string[]): ProcessOptions {
  return {
    entrypoint: entrypoint(flags.entrypoint),
    command,
    // The last one of a name counts: those of the command line.
    env: [...(flags.envFile ?? []), ...(flags.env ?? [])],
    // As with Docker an empty user or directory means the image's.
    cwd: flags.workdir || undefined,
    user: flags.user || undefined,
    groups: flags.groupAdd,
    umask: flags.umask,
    timeZone: flags.tz,
    init: flags.init,
    oomScoreAdj: flags.oomScoreAdj,
    rlimits: flags.ulimit && lastOfEachName(flags.ulimit),
    stdin: flags.interactive === true,
    terminal: flags.tty,
  };
}

export function stopOptions({ stopSignal, stopTimeout }: ProcessFlags): StopOptions {
  return { signal: stopSignal, timeoutMs: stopTimeout && stopTimeout * 1000 };
}

/** `--entrypoint ""` clears the image's. */
function entrypoint(flag: string | undefined): string[] | undefined {
  if (flag === undefined) return undefined;
  return flag === '' ? [] : [flag];
}

function lastOfEachName(limits: readonly RlimitOption[]): RlimitOption[] {
  return [...new Map(limits.map((limit) => [limit.name, limit])).values()];
}
