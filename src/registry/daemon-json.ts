import { EngineError } from '../errors.ts';

/** What Docker's daemon.json says of registries. */
export interface DaemonRegistries {
  /** Where images of docker.io are looked for first; paths end with a slash. */
  mirrors: readonly URL[];
  /** `host[:port]`, or networks: registries that may do without TLS, or show certificates that nobody vouches for. */
  insecure: readonly string[];
}

/**
 * Reads `registry-mirrors` and `insecure-registries` of Docker's daemon.json (dockerd(8)); its other settings are Docker's own.
 * Throws `invalid`, naming the file and what is wrong.
 */
export function parseDaemonJson(text: string, file: string): DaemonRegistries {
  const fail = (what: string): EngineError =>
    new EngineError('invalid', `${file}: ${what}`, { subject: file });
  const list = (document: object, name: string): string[] => {
    const value: unknown = (document as Record<string, unknown>)[name] ?? [];
    if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
    throw fail(`${name} is no list of texts`);
  };
  // Docker takes an empty file for one without settings.
  const document = text.trim() === '' ? {} : parseObject(text);
  if (document === undefined) throw fail('it is not a JSON object');
  return {
    mirrors: list(document, 'registry-mirrors').map((mirror) => {
      const url = mirrorUrl(mirror);
      if (url !== undefined) return url;
      // Not quoted as it is: somebody may have put a password there.
      const shown = mirror.replace(/\/\/[^/]*@/, '//…@');
      throw fail(
        `registry-mirrors has "${shown}": a mirror is http://HOST or https://HOST, without a name and query`,
      );
    }),
    insecure: list(document, 'insecure-registries').map((entry) => entry.replace(/^https?:\/\//i, '')),
  };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function mirrorUrl(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (`${url.username}${url.password}${url.search}${url.hash}` !== '') return undefined;
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
