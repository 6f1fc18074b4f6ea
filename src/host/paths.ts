import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { userPath } from './working-directory.ts';

/** The paths of everything in one store (src/engine/store/STORE.md, "On disk"). All are absolute. */
export interface StorePaths {
  readonly root: string;
  readonly database: string;
  readonly blobs: string;
  readonly layers: string;
  readonly containers: string;
  readonly volumes: string;
  /** Compiled seccomp programs. */
  readonly seccomp: string;
  readonly locks: string;
  readonly tmp: string;
  readonly trash: string;
  /** Directories that steps of builds mount as caches, by the digest of their ids. */
  readonly buildCaches: string;
  /** What the files of contexts held when they were read last, by the digests of which they are. */
  readonly knownFiles: string;
  /** Lists of manifests that were made here, to be pushed. */
  readonly manifests: string;
  /** The journal of events. */
  readonly events: string;
  readonly helper: string;
  /** Says whether the kernel can show layers through id maps. */
  readonly idmappedMounts: string;
  /** There in a store of whole trees, where no overlay is mounted; says why. */
  readonly wholeTrees: string;
  /** The runtime root on a tmpfs: a directory for each running container. */
  readonly run: string;
  /** The socket of the service that is started for clients who come by ssh. */
  readonly service: string;
  /** Says whose it is: the state root, and the device of its file system. */
  readonly rootRecord: string;
  /**
   * The file that lists what the last container on networks removes at its end; undefined for the default store, which
   * leaves everything.
   */
  readonly lastOut: string | undefined;
  /** The interfaces between which nothing of a family is forwarded. On the tmpfs: a reboot takes them, and the forwarding. */
  readonly uplinks4: string;
  readonly uplinks6: string;
  /** Marks of `--rm` containers that are gone. */
  readonly gone: string;
  /** Files by which containers know of each other that share what is mounted for a volume. */
  readonly volumeLocks: string;
  /** The directory that the resolvers of containers read: names and addresses. */
  readonly names: string;
  /** The firewall's table of this store. */
  readonly table: string;
  /** The bridge of its default network; at most 15 bytes. */
  readonly bridge: string;
}

export const DEFAULT_ROOT = '/var/lib/skiff';
const DEFAULT_RUN = '/run/skiff';

/**
 * The paths of the store at `root`, where nothing means the default one, as in `SKIFF_ROOT=`; a store that is not the
 * default one has a runtime root, a bridge and a table of the firewall of its own. By whatever links it is named, it is one
 * store: one that is not known to run would be started twice. Throws as `userPath`.
 */
export function storePaths(root: string): StorePaths {
  const base = storeRoot(resolve(root === '' ? DEFAULT_ROOT : userPath(root)));
  const suffix = base === DEFAULT_ROOT ? '' : `-${shortHash(base)}`;
  const run = `${DEFAULT_RUN}${suffix}`;
  return {
    root: base,
    database: join(base, 'state.db'),
    blobs: join(base, 'blobs', 'sha256'),
    layers: join(base, 'layers'),
    containers: join(base, 'containers'),
    volumes: join(base, 'volumes'),
    seccomp: join(base, 'seccomp'),
    locks: join(base, 'locks'),
    tmp: join(base, 'tmp'),
    trash: join(base, 'trash'),
    buildCaches: join(base, 'cache'),
    knownFiles: join(base, 'known-files'),
    manifests: join(base, 'manifests'),
    events: join(base, 'events.log'),
    helper: join(base, 'helper'),
    idmappedMounts: join(base, 'idmapped-mounts'),
    wholeTrees: join(base, 'whole-trees'),
    run,
    service: join(run, 'service.sock'),
    rootRecord: join(run, 'root'),
    lastOut: suffix === '' ? undefined : join(run, 'last-out'),
    uplinks4: join(run, 'uplinks4'),
    uplinks6: join(run, 'uplinks6'),
    gone: join(run, 'gone'),
    volumeLocks: join(run, 'volumes'),
    names: join(run, 'names'),
    table: `skiff${suffix}`,
    bridge: suffix === '' ? 'skiff0' : `skiff${suffix}`,
  };
}

/** The default root keeps its name, wherever it leads: nothing has to be looked up for it. */
function storeRoot(named: string): string {
  if (named === DEFAULT_ROOT) return named;
  const real = withoutLinks(named);
  return real === withoutLinks(DEFAULT_ROOT) ? DEFAULT_ROOT : real;
}

/** Where a path leads, of which the end need not exist. */
function withoutLinks(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(withoutLinks(above), basename(path));
  }
}

/**
 * 32 bits of FNV-1a as hex digits. A cryptographic one would cost a millisecond to load on each call, and two stores
 * that met would merely share a directory: what is in it is named by container ids.
 */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
