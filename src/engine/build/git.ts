import type { GitSource } from '../../build/stages/remote.ts';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import type { runGroup } from '../../host/run-group.ts';
import type { ProgramResult } from '../../host/run-program.ts';
import { tokenFor } from './git-token.ts';
import { type GitSetting, withoutUser, withSettings } from './git-user.ts';
import type { Secrets } from './secret.ts';

/**
 * Nobody is asked for a password, no hook or helper of the repository runs, and no submodule leads to a directory of this
 * machine, or to a program, also where the user's own settings would let it.
 */
const SETTINGS = [
  'core.askPass=true',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'advice.detachedHead=false',
  'protocol.allow=user',
  ...['https', 'http', 'git', 'ssh'].map((name) => `protocol.${name}.allow=always`),
  'protocol.file.allow=user',
  'protocol.ext.allow=never',
];

const SSH = 'ssh -o BatchMode=yes';

/** Where a repository goes to, and with whose keys. */
export interface CheckOut {
  /** An empty directory. */
  directory: string;
  /** The beginning of the commit that it has to be; absent: any. */
  commit?: string | undefined;
  /**
   * `user`: whoever called us has named the repository, and his own keys, passwords and settings count. Otherwise a Dockerfile
   * has, which gets at no more than what the build was given: the socket of an agent.
   */
  keys: 'user' | { agent: string | undefined };
  /** What `tokenFor` reads of these goes to the repository's server. */
  secrets?: Secrets | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Checks a git repository out, with its submodules, by the host's git. Returns the commit. Throws `unsupported` when git is
 * not installed, `unavailable` when the repository or the reference cannot be had, `denied` for one that wants keys where
 * there are none, `invalid` for another commit than the one that was asked for. When `signal` aborts it ends at once,
 * whatever it throws then.
 */
export async function checkOut(
  { url: given, ref = 'HEAD' }: GitSource,
  { directory, commit, keys, secrets, signal }: CheckOut,
): Promise<string> {
  const { url, settings: secret } = withoutUser(given);
  const { settings, env: environment = process.env } = keys === 'user' ? OWN : withAgent(url, keys.agent);
  // A password in the address was meant for it, more than what any repository may be shown.
  const hasPassword = secret.some(([key]) => key.startsWith('http.'));
  const shown = hasPassword ? secret : [...secret, ...(await tokenFor(url, secrets))];
  const env = withSettings(environment, shown);
  // Where relative submodules begin.
  const all = [...SETTINGS, ...settings, `remote.origin.url=${url}`].flatMap((setting) => ['-c', setting]);
  const git = async (...words: string[]): Promise<string> => {
    signal?.throwIfAborted();
    const { code, stdout, stderr } = await runGit([...all, '-C', directory, ...words], { env, signal });
    if (code === 0) return stdout.trim();
    throw new EngineError('unavailable', `cannot fetch ${url}: ${reasonOf(stderr)}`, {
      subject: url,
      hint: hintOf(url, stderr, shown),
    });
  };
  const fetch = (...depth: string[]) => git('fetch', '--quiet', ...depth, '--no-tags', '--', url, ref);
  await git('init', '--quiet', '--template=');
  let depth = ['--depth=1'];
  try {
    await fetch(...depth);
  } catch (error) {
    if (!isHttp(url)) throw error;
    // A server that hands out the files of repositories, and knows nothing of git, has no part of a history to give.
    depth = [];
    await fetch();
  }
  const found = await git('rev-parse', '--verify', 'FETCH_HEAD^{commit}');
  if (commit !== undefined && !found.startsWith(commit.toLowerCase()))
    throw new EngineError('invalid', `${url} is at commit ${found}, not ${commit}`, { subject: url });
  await git('checkout', '--quiet', '--force', found);
  await git('submodule', '--quiet', 'update', '--init', '--recursive', ...depth);
  return found;
}

interface Keys {
  settings: readonly string[];
  env: Record<string, string> | undefined;
}

const OWN: Keys = { settings: [`core.sshCommand=${SSH}`], env: undefined };

/** Nothing of what lies in the user's home counts, but for the hosts that he knows. */
function withAgent(url: string, agent: string | undefined): Keys {
  if (agent === undefined && isSsh(url))
    throw new EngineError('denied', `${url} wants a key, and this build was given none`, {
      subject: url,
      hint: 'give it an agent that has one: --ssh default',
    });
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:GIT_(?!SSL_)|SSH_)/.test(name));
  return {
    settings: ['credential.helper=', `core.sshCommand=${SSH} -F /dev/null -o IdentityFile=none`],
    env: {
      ...(Object.fromEntries(kept) as Record<string, string>),
      GIT_CONFIG_GLOBAL: '/dev/null',
      HOME: '/dev/null',
      ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }),
    },
  };
}

function isHttp(url: string): boolean {
  return /^https?:/i.test(url);
}

function isSsh(url: string): boolean {
  return /^(?:git\+)?ssh:/i.test(url) || !url.includes('://');
}

/** It starts others, which fetch: they end with it. */
async function runGit(
  words: readonly string[],
  options: Parameters<typeof runGroup>[2],
): Promise<ProgramResult> {
  const { runGroup } = await import('../../host/run-group.ts');
  try {
    return await runGroup('git', words, options);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new EngineError('unsupported', 'git is not installed on this machine', {
      cause,
      hint: 'install it, or ADD an archive of the repository by its URL',
    });
  }
}

/** What somebody can do who is to be shown who we are. What git says is for messages: nothing else is decided by it. */
function hintOf(url: string, stderr: string, shown: readonly GitSetting[]): string | undefined {
  if (/returned error: 3\d\d/.test(stderr) && shown.length > 0)
    return 'it leads to another address, and passwords and tokens go to none but their own: give that one';
  if (
    /could not read (?:Username|Password)|Authentication failed|returned error: 40[13]/.test(stderr) &&
    isHttp(url)
  )
    return 'a token for it is given by --secret id=GIT_AUTH_TOKEN, in the environment or a file (src=FILE)';
  return undefined;
}

/** What git says is wrong; of a connection that failed what ssh has said before. */
function reasonOf(stderr: string): string {
  const lines = stderr.split(/\s*\n/).filter((line) => line !== '');
  const at = lines.findIndex((line) => line.startsWith('fatal: '));
  const fatal = lines.at(at)?.replace(/^fatal: /, '') ?? '';
  const isOfProgram = at > 0 && fatal.startsWith('Could not read from remote repository');
  if (isOfProgram) return lines[at - 1] ?? '';
  // It says to whom it could not connect, and on the next line why.
  return fatal.endsWith(':') ? `${fatal} ${lines[at + 1] ?? ''}`.trimEnd() : fatal;
}
