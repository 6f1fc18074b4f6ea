import type { GitSource } from '../../build/stages/remote.ts';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import type { ProgramResult } from '../../host/run-program.ts';

/** Nobody is asked for a password, no hook or helper of the repository runs. */
const SETTINGS = [
  'core.askPass=true',
  'core.sshCommand=ssh -o BatchMode=yes',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);

/** Where a repository goes to. */
export interface CheckOut {
  /** An empty directory. */
  directory: string;
  /** The beginning of the commit that it has to be; absent: any. */
  commit?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Checks a git repository out, with its submodules, by the host's git. Returns the commit. Throws `unsupported` when git is
 * not installed, `unavailable` when the repository or the reference cannot be had, `invalid` for another commit than the one
 * that was asked for. When `signal` aborts it ends at once, whatever it throws then.
 */
export async function checkOut(
  { url, ref = 'HEAD' }: GitSource,
  { directory, commit, signal }: CheckOut,
): Promise<string> {
  const git = async (...words: string[]): Promise<string> => {
    signal?.throwIfAborted();
    const { code, stdout, stderr } = await runGit([...SETTINGS, '-C', directory, ...words], signal);
    if (code === 0) return stdout.trim();
    throw new EngineError('unavailable', `cannot fetch ${url}: ${reasonOf(stderr)}`, { subject: url });
  };
  await git('init', '--quiet', '--template=');
  await git('fetch', '--quiet', '--depth=1', '--no-tags', '--', url, ref);
  const found = await git('rev-parse', '--verify', 'FETCH_HEAD^{commit}');
  if (commit !== undefined && !found.startsWith(commit.toLowerCase()))
    throw new EngineError('invalid', `${url} is at commit ${found}, not ${commit}`, { subject: url });
  await git('checkout', '--quiet', '--force', found);
  await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1');
  return found;
}

/** It starts others, which fetch: they end with it. */
async function runGit(words: readonly string[], signal: AbortSignal | undefined): Promise<ProgramResult> {
  const { runGroup } = await import('../../host/run-group.ts');
  try {
    return await runGroup('git', words, signal);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new EngineError('unsupported', 'git is not installed on this machine', {
      cause,
      hint: 'install it, or ADD an archive of the repository by its URL',
    });
  }
}

/** What git says is wrong; of a connection that failed what ssh has said before. */
function reasonOf(stderr: string): string {
  const lines = stderr.split(/\s*\n/).filter((line) => line !== '');
  const at = lines.findIndex((line) => line.startsWith('fatal: '));
  const fatal = lines.at(at)?.replace(/^fatal: /, '') ?? '';
  const isOfProgram = at > 0 && fatal.startsWith('Could not read from remote repository');
  return (isOfProgram ? lines[at - 1] : fatal) ?? '';
}
