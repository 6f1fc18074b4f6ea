import type { Command } from 'commander';
import type { ProcessOptions, RlimitOption, StopOptions } from '../../engine/options/create.ts';
import { environmentEntry, environmentFile } from '../../grammar/environment.ts';
import { parseStopSignal, parseUlimit, parseUmask } from '../../grammar/process.ts';
import { integer, listOf, some } from '../../grammar/words.ts';
import { environment } from '../command/settings.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

const FLAGS: MemberFlags<ProcessOptions & { envFile?: string[] }> = {
  entrypoint: [
    '--entrypoint <command>',
    "replace the image's entrypoint; empty: have none",
    (text) => (text === '' ? [] : [text]),
  ],
  env: [
    '-e, --env <key=value>',
    'set a variable; KEY alone takes it from here (repeatable)',
    environmentEntry(environment()),
  ],
  envFile: [
    '--env-file <file>',
    'variables from a file, one on each line (repeatable)',
    environmentFile(environment()),
  ],
  stdin: ['-i, --interactive', 'keep standard input open'],
  terminal: ['-t, --tty', 'give it a terminal'],
  user: ['-u, --user <name|uid[:group|gid]>', 'who runs the command'],
  groups: [
    '--group-add <group>',
    'one more group, by name or number (repeatable), or keep-groups: those that you have',
    listOf(some('a group')),
  ],
  cwd: ['-w, --workdir <dir>', 'working directory inside the container'],
  umask: ['--umask <octal>', 'mask of file modes, as in 0027', parseUmask],
  timeZone: ['--tz <zone>', "time zone, as in Europe/Berlin; local: the host's", some('the time zone')],
  init: ['--init', 'an init as PID 1 that forwards signals and reaps'],
  initPath: ['--init-path <file>', "with --init: a program of the host instead of skiff's own"],
  rlimits: [
    '--ulimit <name=soft[:hard]>',
    'limit of the process, as in nofile=1024 (repeatable)',
    collectUlimit,
  ],
  oomScoreAdj: [
    '--oom-score-adj <number>',
    'how gladly the kernel kills it when memory is short, -1000 to 1000',
    integer,
  ],
};

const STOP: MemberFlags<StopOptions> = {
  signal: ['--stop-signal <signal>', 'what stop sends, as in SIGINT', parseStopSignal],
  timeoutMs: [
    '--stop-timeout <seconds>',
    'how long stop waits before it kills; -1: forever',
    (text) => integer(text) * 1000,
  ],
};

/** Adds the options for the command, its user, and the way it is asked to stop. */
export function addProcessOptions(command: Command): void {
  command.optionsGroup('Process:');
  addMembers(command, FLAGS);
  addMembers(command, STOP);
}

/** `command` is what the words after the image say. */
export function processOptions(given: GivenFlags, command: string[]): ProcessOptions {
  const { envFile = [], env = [], ...asked } = membersOf(FLAGS, given);
  // The last one of a name counts: those of the command line.
  return { ...asked, command, env: [...envFile, ...env] };
}

export function stopOptions(given: GivenFlags): StopOptions {
  return membersOf(STOP, given);
}

/** The last limit of a name counts, in the place of the first. */
function collectUlimit(text: string, previous: RlimitOption[] = []): RlimitOption[] {
  const limits = [...previous, parseUlimit(text)];
  return [...new Map(limits.map((limit) => [limit.name, limit])).values()];
}
