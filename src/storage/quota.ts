import { EngineError } from '../errors.ts';
import { runProgram } from '../host/run-program.ts';

/** Whether the size of directories can be limited; if not, for want of what. */
export type QuotaSupport = 'enforced' | 'not of the file system' | 'not of the kernel';

const SUPPORT: Readonly<Record<number, QuotaSupport>> = {
  0: 'enforced',
  3: 'not of the file system',
  4: 'not of the kernel',
};

/** Asks the kernel about the file system of a directory (quotactl_fd(2)). Throws `unavailable` with the helper's words. */
export async function quotaSupport(helper: string, directory: string): Promise<QuotaSupport> {
  const { code, stderr } = await runProgram(helper, ['quota', 'check', directory]);
  const support = SUPPORT[code ?? -1];
  if (support === undefined) throw new EngineError('unavailable', `cannot ask for quotas: ${stderr}`);
  return support;
}

/**
 * Limits what is made from now on in empty directories of one file system, all together, to `bytes`: they become a project
 * that no other file of the file system has. `id` are hex digits from which the search for its number begins, so that
 * stores which share a file system look in different places. Throws `unavailable`.
 */
export async function claimQuota(
  helper: string,
  { id, bytes, directories }: { id: string; bytes: number; directories: readonly string[] },
): Promise<void> {
  const first = FIRST_OF_OURS + (Number.parseInt(id.slice(0, 8), 16) % FIRST_OF_OURS);
  const words = ['quota', 'claim', String(first), String(bytes), ...directories];
  const { code, stderr } = await runProgram(helper, words);
  if (code === 0) return;
  throw new EngineError('unavailable', `cannot limit a container's files to ${bytes} bytes: ${stderr}`, {
    hint: 'a limit has to leave room for the directories that every container has',
  });
}

/** Projects that administrators number by hand, and those of other engines, begin with 1. */
const FIRST_OF_OURS = 2 ** 30;

/** Takes the limit away from the project of a directory, which may be gone. Throws `unavailable`. */
export async function releaseQuota(helper: string, directory: string): Promise<void> {
  const { code, stderr } = await runProgram(helper, ['quota', 'release', directory]);
  if (code !== 0) throw new EngineError('unavailable', `cannot take a limit away: ${stderr}`);
}
