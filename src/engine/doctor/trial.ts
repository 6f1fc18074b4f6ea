import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { storePaths } from '../../host/paths.ts';
import { runProgram } from '../../host/run-program.ts';
import { TemporaryDirectory } from '../../host/temporary.ts';
import { removeTree } from '../../storage/trash.ts';
import { EMBEDDED } from '../images/embedded.ts';
import type { Context } from '../store/context.ts';
import type { Finding } from './finding.ts';

/** The last word is another program's if something hangs. */
const PATIENCE_MS = 20_000;

/**
 * Unpacks the image that every skiff carries and runs it, as a user would: the truest look at rights, overlay,
 * namespaces, cgroups, device rules and seccomp at once. In a store of its own, on the file system of this one, that
 * is gone afterwards.
 */
export async function tryContainer(context: Context): Promise<Finding> {
  const trial = { topic: 'containers', name: 'trial' } as const;
  if (process.geteuid?.() !== 0) {
    const cost = 'no image can be unpacked and no container run';
    return {
      ...trial,
      state: 'missing',
      detail: 'not tried without root rights',
      cost,
      remedy: 'run it with sudo',
    };
  }
  const started = performance.now();
  const failure = await inTrialStore(context, (root) => runEmbedded(context, root));
  if (failure === undefined) {
    const ms = Math.round(performance.now() - started);
    return { ...trial, state: 'ok', detail: `an image was unpacked and a container run in ${ms} ms` };
  }
  return { ...trial, state: 'missing', cost: 'no container can run', ...failure };
}

async function inTrialStore(
  context: Context,
  body: (root: string) => Promise<Failure | undefined>,
): Promise<Failure | undefined> {
  const temporary = new TemporaryDirectory(context.paths.tmp);
  try {
    const root = join(temporary.path(), 'trial');
    try {
      return await body(root);
    } finally {
      await removeTree(context.helper, temporary.path());
      rmSync(storePaths(root).run, { recursive: true, force: true });
    }
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return { detail: message, remedy: hint };
  }
}

/** A failure in the words of the command that failed. */
interface Failure {
  detail: string;
  remedy?: string | undefined;
}

async function runEmbedded(context: Context, root: string): Promise<Failure | undefined> {
  const words = ['run', '--rm', '--network', 'none', EMBEDDED];
  const [program = '', ...args] = context.ownCommandLine(words, root);
  const { code, stderr } = await runProgram(program, args, { timeoutMs: PATIENCE_MS });
  if (code === 0) return undefined;
  const message = /^skiff: (.*)$/m.exec(stderr)?.[1] ?? (stderr || `ended with exit code ${code ?? 'none'}`);
  return { detail: message, remedy: /^hint: (.*)$/m.exec(stderr)?.[1] };
}
