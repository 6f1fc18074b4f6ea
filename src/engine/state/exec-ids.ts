import { join } from 'node:path';
import { namesIn } from '../../host/missing.ts';
import { isAlive, parseIdentity } from '../../host/process.ts';
import { readText } from '../../host/read-text.ts';

/** Reads from the directory of their records the ids of the processes that `exec` started in a container and that live, in no order: Docker's ExecIDs. */
export function livingExecIds(directory: string): string[] {
  return statesIn(directory)
    .filter(({ text }) => living(text, 'process') !== undefined)
    .map(({ id }) => id);
}

/** Returns the pid of one of these processes while it lives. */
export function livingExec(directory: string, id: string): number | undefined {
  return living(readText(join(directory, `${id}.state`)) ?? '', 'process');
}

/**
 * Reads from the records of a container's `exec` the pids of those who hold its processes, or still read what one has
 * left behind.
 */
export function execHolders(directory: string): number[] {
  return statesIn(directory).flatMap(({ text }) => living(text, 'holder') ?? []);
}

/** Reads the records of processes that `exec` started. They go with their holders, unless those were killed. */
function statesIn(directory: string): { id: string; text: string }[] {
  return namesIn(directory)
    .filter((name) => name.endsWith('.state'))
    .map((name) => ({
      id: name.slice(0, -'.state'.length),
      text: readText(join(directory, name)) ?? '',
    }));
}

/** The pid of its line `WHO PID STARTTIME`, when that very process lives. */
function living(text: string, who: string): number | undefined {
  const identity = parseIdentity(new RegExp(`^${who} (.*)$`, 'm').exec(text)?.[1]);
  return identity !== undefined && isAlive(identity) ? identity.pid : undefined;
}
