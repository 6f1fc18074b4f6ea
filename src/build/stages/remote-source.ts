/**
 * What a source of ADD is when it is no path: a file to be fetched, or a git repository (BuildKit's rules: `git://`,
 * `ssh://`, `git@host:path`, and https with a path that ends with `.git`, all with `#ref:directory` behind).
 */
export function remoteKind(source: string): 'url' | 'git' | undefined {
  if (/^(git|ssh):\/\//.test(source) || /^[\w.-]+@[\w.-]+:/.test(source)) return 'git';
  if (!/^https?:\/\//.test(source)) return undefined;
  return /^https?:\/\/[^/?#]+\/[^?#]*\.git(\?[^#]*)?(#.*)?$/.test(source) ? 'git' : 'url';
}
