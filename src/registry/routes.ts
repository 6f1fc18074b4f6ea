import { EngineError } from '../errors.ts';
import type { MirrorUse, RegistryTable } from './registries-conf.ts';
import type { RegistrySettings } from './registry-files.ts';
import { type Repository, repositoryName } from './repository.ts';

/** One place where something can be read: of the registry itself, or of a mirror. */
export interface Source {
  repository: Repository;
  /** What the manifest is called there; undefined when nothing but a repository was asked about. */
  tagOrDigest: string | undefined;
  isMirror: boolean;
}

/** The registry that Docker's `registry-mirrors` are for. */
export const HUB = 'docker.io';

/**
 * Says where repositories are read from and written to: mirrors, another place for a part of the names, or nowhere
 * (containers-registries.conf(5); `registry-mirrors` of Docker). Without settings each registry is what its name says.
 */
export class Routes {
  readonly #settings: RegistrySettings;

  constructor(settings: RegistrySettings = { tables: [], daemon: { mirrors: [], insecure: [] } }) {
    this.#settings = settings;
  }

  /**
   * The places where an image may be read, in order, the registry itself last. Without `tagOrDigest`: where blobs of the
   * repository may be. Throws `denied` when a file blocks it.
   */
  reading(repository: Repository, tagOrDigest?: string): Source[] {
    const { domain, path } = repository;
    const found = this.#find(`${repositoryName(repository)}${suffix(tagOrDigest)}`);
    const direct: Source = { repository, tagOrDigest, isMirror: false };
    const hub = domain === HUB ? this.#settings.daemon.mirrors : [];
    const hubMirrors = hub.map((base) => {
      const at = { domain: base.host, path, base };
      return { repository: at, tagOrDigest, isMirror: true };
    });
    if (found === undefined) return [...hubMirrors, direct];
    const { table, rest } = found;
    const byDigest = tagOrDigest === undefined || tagOrDigest.includes(':');
    const mirrors = table.mirrors
      .filter(({ use }) => isFor(use, byDigest))
      .map((mirror) => ({ ...sourceAt(mirror.location, rest, mirror.insecure), isMirror: true }));
    const itself =
      table.location === undefined
        ? { ...direct, repository: withInsecure(repository, table.insecure) }
        : { ...sourceAt(table.location, rest, table.insecure), isMirror: false };
    return [...mirrors, ...hubMirrors, itself];
  }

  /**
   * The repository that is written to, or logged in to: always the one that the name says. Throws `denied` when a file blocks
   * it.
   */
  writing(repository: Repository): Repository {
    const { domain, path } = repository;
    const found = this.#find(path === '' ? domain : repositoryName(repository));
    return withInsecure(repository, found?.table.insecure === true);
  }

  /** The table with the longest prefix of a name, and what of the name follows the prefix. */
  #find(name: string): { table: RegistryTable; rest: string } | undefined {
    let best: { table: RegistryTable; rest: string } | undefined;
    for (const table of this.#settings.tables) {
      const rest = restAfter(name, table);
      if (rest !== undefined && (best === undefined || isCloser(table, best.table))) best = { table, rest };
    }
    if (best?.table.blocked !== true) return best;
    const { prefix, file } = best.table;
    throw new EngineError('denied', `${name} is blocked by ${file}`, {
      subject: name,
      hint: `its [[registry]] with the prefix "${prefix}" says so`,
    });
  }
}

/** Whether a table's prefix says more than another's; a host itself says more than the domain that it lies in. */
function isCloser({ prefix }: RegistryTable, { prefix: other }: RegistryTable): boolean {
  if (prefix.length !== other.length) return prefix.length > other.length;
  return other.startsWith('*.');
}

/**
 * What follows a table's prefix in a name; undefined when the name does not begin with it, up to one of its separators. A
 * port makes a host another registry, except to what blocks the host.
 */
function restAfter(name: string, { prefix, blocked }: RegistryTable): string | undefined {
  if (prefix.startsWith('*.')) {
    const [domain = ''] = name.split('/', 1);
    const host = blocked ? domain.replace(/:\d+$/, '') : domain;
    const isBelow = host.length >= prefix.length && host.endsWith(prefix.slice(1));
    return isBelow ? name.slice(domain.length) : undefined;
  }
  if (!name.startsWith(prefix)) return undefined;
  const rest = name.slice(prefix.length);
  const separators = blocked || prefix.includes('/') ? ['/', ':', '@'] : ['/'];
  return rest === '' || separators.some((separator) => rest.startsWith(separator)) ? rest : undefined;
}

function isFor(use: MirrorUse, byDigest: boolean): boolean {
  return use === 'all' || (use === 'digest-only') === byDigest;
}

/** What is at `location` followed by the rest of a name, such as `mirror.example/cache` and `/library/x:1`. */
function sourceAt(location: string, rest: string, insecure: boolean): Omit<Source, 'isMirror'> {
  const [, domain = '', path = '', tag, digest] =
    /^([^/]+)\/?([^:@]*)(?::([^:@]+))?(?:@(.+))?$/.exec(`${location}${rest}`) ?? [];
  if (path === '') {
    throw new EngineError('invalid', `location "${location}" leads to no repository for ${rest}`, {
      subject: location,
      hint: 'check the [[registry]] tables of registries.conf: HOST[:PORT]/PATH stands in the place of a prefix with a path',
    });
  }
  return { repository: withInsecure({ domain, path }, insecure), tagOrDigest: digest ?? tag };
}

function withInsecure({ domain, path }: Repository, insecure: boolean): Repository {
  return insecure ? { domain, path, insecure } : { domain, path };
}

function suffix(tagOrDigest: string | undefined): string {
  if (tagOrDigest === undefined) return '';
  return `${tagOrDigest.includes(':') ? '@' : ':'}${tagOrDigest}`;
}
