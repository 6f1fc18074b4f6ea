import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../../host/missing.ts';
import { isAlive, parseIdentity } from '../../host/process.ts';

/** Reads from the directory of their records the ids of the processes that `exec` started in a container and that live, in no order: Docker's ExecIDs. */
export function livingExecIds(directory: string): string[] {
  return namesIn(directory)
    .filter((name) => name.endsWith('.state') && isLiving(join(directory, name)))
    .map((name) => name.slice(0, -'.state'.length));
}

/** Its first line is `process PID STARTTIME`. The file goes with the process, unless who held it was killed. */
function isLiving(file: string): boolean {
  try {
    const identity = parseIdentity(/^process (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]);
    return identity !== undefined && isAlive(identity);
  } catch {
    return false;
  }
}
