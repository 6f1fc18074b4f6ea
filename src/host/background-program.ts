import { spawn } from 'node:child_process';
import { EngineError } from '../errors.ts';

/**
 * Starts a program, in the root directory, that goes on when this process and its terminal are gone. Resolves when it has written `ready` to standard
 * error; nobody reads what it writes later. Throws `unavailable` with its words when it ends before, and the system's
 * error when it cannot be started.
 */
export async function startInBackground(commandLine: readonly string[], ready: string): Promise<void> {
  const [program = '', ...args] = commandLine;
  const child = spawn(program, args, { cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes(ready)) resolve();
  });
  child.once('error', reject);
  child.once('close', () => reject(new EngineError('unavailable', `${program} has ended: ${said.trim()}`)));
  await promise;
  child.stderr.destroy();
  child.unref();
}
