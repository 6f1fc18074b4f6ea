import { EngineError } from '../../errors.ts';

/** A git repository as ADD and build take it: `URL[#REF[:DIRECTORY]]`. */
export interface GitSource {
  url: string;
  /** A branch, tag or commit; absent: what the repository calls HEAD. */
  ref: string | undefined;
  /** Below its root; empty: all of it. */
  directory: string;
}

/**
 * Reads a source as a git repository: `git://`, `ssh://`, `USER@HOST:PATH`, and `http(s)://` whose path ends in `.git`.
 * Undefined: it is something else. Throws `invalid` for a host or reference that git would take for an option.
 */
export function parseGit(text: string): GitSource | undefined {
  const hash = text.indexOf('#');
  const url = hash === -1 ? text : text.slice(0, hash);
  if (!isRepository(url)) return undefined;
  const fragment = hash === -1 ? '' : text.slice(hash + 1);
  const colon = fragment.indexOf(':');
  const ref = colon === -1 ? fragment : fragment.slice(0, colon);
  const directory = colon === -1 ? '' : fragment.slice(colon + 1);
  if (/^-|[\s\0]/.test(ref) || /^[^:]*:\/\/-|@-|\s/.test(url) || !hasHost(url))
    throw new EngineError('invalid', `invalid git repository "${text}"`, { subject: text });
  return { url, ref: ref === '' ? undefined : ref, directory };
}

/** Whether a source of ADD is an address, and not a path. */
export function isRemote(text: string): boolean {
  return /^https?:\/\//i.test(text) || parseGit(text) !== undefined;
}

/**
 * The address that a context is, and undefined when it is a path. As in Docker `github.com/USER/REPOSITORY` is a repository
 * there, without a scheme; ADD takes that for a path. Throws as {@link parseGit}.
 */
export function contextAddress(text: string): string | undefined {
  if (isRemote(text)) return text;
  const [, path, fragment = ''] = /^(github\.com\/[^#]+?)(?:\.git)?\/?(#.*)?$/s.exec(text) ?? [];
  if (path === undefined) return undefined;
  const address = `https://${path}.git${fragment}`;
  parseGit(address);
  return address;
}

/** What a source of ADD is when it is no path: a file to be fetched, or a git repository. Throws as {@link parseGit}. */
export function remoteKind(text: string): 'url' | 'git' | undefined {
  if (parseGit(text) !== undefined) return 'git';
  return isRemote(text) ? 'url' : undefined;
}

function isRepository(url: string): boolean {
  if (/^(?:git|ssh|git\+ssh):\/\//i.test(url)) return true;
  if (/^https?:\/\//i.test(url)) return /\.git$/.test(url.replace(/\?.*$/s, ''));
  return /^[\w.-]+@[\w.-]+:(?!\/\/)\S/.test(url);
}

/** Of `USER@HOST:PATH` its form says so. */
function hasHost(url: string): boolean {
  if (!url.includes('://')) return true;
  const { host = '', pathname = '' } = URL.parse(url) ?? {};
  return host !== '' && pathname.length > 1;
}

/** What a file is called that is downloaded: the last part of the path; undefined: it has none. */
export function fileNameOf(url: URL): string | undefined {
  const last = url.pathname.split('/').at(-1) ?? '';
  const name = decoded(last).split('/').at(-1) ?? '';
  return name === '' || name === '.' || name === '..' || name.includes('\0') ? undefined : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
