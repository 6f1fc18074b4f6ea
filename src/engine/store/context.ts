import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { Database } from '../../host/database.ts';
import { installHelper } from '../../host/helper.ts';
import { DEFAULT_ROOT, type StorePaths, storePaths } from '../../host/paths.ts';
import { makeRuntimeRoot } from '../../host/root-record.ts';
import { Doings } from './doings.ts';
import { MIGRATIONS } from './migrations.ts';

/**
 * How a store makes root file systems. `overlay`: layers are laid one over the other, below what a container writes.
 * `copy`: each layer is the whole tree of its image up to it, and a container begins with a copy.
 */
export type StorageDriver = 'overlay' | 'copy';

/** How an engine is opened. */
export interface EngineOptions {
  /** The state root; `/var/lib/skiff` when absent. */
  root?: string | undefined;
  /** Registries (`host[:port]`) that may speak plain HTTP or show a certificate nobody vouches for. */
  insecureRegistries?: readonly string[] | undefined;
  /** Variables that say how registries are reached: proxies, authorities, where credentials are. Absent: none. */
  environment?: Readonly<NodeJS.ProcessEnv> | undefined;
  /** The address of the host on which ports are published when neither user nor network says; absent: every one. */
  publishAddress?: string | undefined;
  /** The pools for the subnets of new networks (`parseAddressPools`); absent: Docker's pools and some more. */
  addressPools?: string | undefined;
  /** Layers are copied for containers with ids of their own, also where the kernel can show them through the maps. */
  copiesOwners?: boolean | undefined;
  /** How root file systems are made; absent: by overlay where one can be mounted. */
  storage?: StorageDriver | undefined;
  /** The command line that runs this very program again: what the helper calls to explain a failed start. */
  self: readonly string[];
  /** The caller goes on when what it has asked for is done: what a command notes with its end is noted at once. */
  stays?: boolean | undefined;
}

/** What a preview has in the place of the store's own: whatever is written there is nobody's. */
export interface PreviewPlaces {
  paths: StorePaths;
  database: Database;
}

/** The things that every use case needs: the store's paths, its database and the helper, each made ready on first use. */
export class Context {
  readonly paths: StorePaths;
  readonly insecureRegistries: readonly string[];
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly publishAddress: string | undefined;
  readonly addressPools: string | undefined;
  readonly copiesOwners: boolean;
  readonly askedStorage: StorageDriver | undefined;
  readonly stays: boolean;
  readonly doings = new Doings();
  /** Nothing is to be done, neither to the store nor to the host: what would be is asked for (`openPreview`). */
  readonly isPreview: boolean;
  readonly #options: EngineOptions;
  private readonly self: readonly string[];
  #database: Database | undefined;
  #helper: string | undefined;
  #ownsRoot = false;
  /** Device and inode of the database, as it was when `renew` saw it first. */
  #identity: string | undefined;

  constructor(options: EngineOptions, preview?: PreviewPlaces) {
    this.#options = options;
    this.isPreview = preview !== undefined;
    this.#database = preview?.database;
    this.paths = preview?.paths ?? storePaths(options.root ?? DEFAULT_ROOT);
    this.insecureRegistries = options.insecureRegistries ?? [];
    this.environment = options.environment ?? {};
    this.publishAddress = options.publishAddress;
    this.addressPools = options.addressPools;
    this.copiesOwners = options.copiesOwners === true;
    this.askedStorage = options.storage;
    this.stays = options.stays === true;
    this.self = options.self;
  }

  /** The same engine in a preview's places. */
  previewIn(places: PreviewPlaces): Context {
    return new Context(this.#options, places);
  }

  get database(): Database {
    this.#database ??= this.#openDatabase();
    return this.#database;
  }

  /** The path of the native helper. */
  get helper(): string {
    this.#helper ??= this.#installHelper();
    return this.#helper;
  }

  /** The command line that runs this very program with other words, on this store unless `root` is that of another. */
  ownCommandLine(words: readonly string[], root: string = this.paths.root): string[] {
    return [...this.self, '--root', root, ...words];
  }

  /**
   * The command line of one of this program's own commands, on this store, for the helper to run. It ends the options:
   * what is appended, by the helper too, is words of users and images, and may begin with `-`.
   */
  ownCommand(name: string): string[] {
    return this.ownCommandLine([name, '--']);
  }

  /**
   * Lets go of a store that was removed, or in whose place is another one now: whoever comes next opens what is there, as each
   * command does. For who stays. What is still at work with it ends as it can.
   */
  renew(): void {
    if (this.#database === undefined || this.isPreview) return;
    const found = statSync(this.paths.database, { bigint: true, throwIfNoEntry: false });
    const identity = found === undefined ? undefined : `${found.dev}:${found.ino}`;
    this.#identity ??= identity;
    if (identity !== undefined && identity === this.#identity) return;
    this.#database = undefined;
    this.#helper = undefined;
    this.#identity = undefined;
    this.#ownsRoot = false;
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
    this.#helper = undefined;
  }

  #installHelper(): string {
    if (!this.isPreview) this.#requireOwnRoot();
    return installHelper(this.paths.helper);
  }

  /** Looked at once by each command. */
  #requireOwnRoot(): void {
    if (this.#ownsRoot) return;
    requireOwn(this.paths.root);
    this.#ownsRoot = true;
  }

  #openDatabase(): Database {
    requireRoot();
    const { root, run } = this.paths;
    make(root, () => mkdirSync(root, { recursive: true, mode: PRIVATE }));
    this.#requireOwnRoot();
    make(run, () => makeRuntimeRoot(this.paths, PRIVATE));
    requireOwn(run);
    return Database.open(this.paths.database, MIGRATIONS);
  }
}

function make(directory: string, body: () => void): void {
  try {
    body();
  } catch (cause) {
    throw new EngineError('unavailable', `cannot make ${directory}: ${(cause as Error).message}`, {
      subject: directory,
      cause,
    });
  }
}

/**
 * The mode of the store's root and of its runtime root. Only root looks inside: names, environments and health commands
 * of containers are nobody else's business.
 */
const PRIVATE = 0o710;

/** Earlier versions let everybody pass through. A directory of any other mode is somebody's choice. */
const EARLIER = 0o711;

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/** What every new ext4 has. */
const OF_THE_FILE_SYSTEM = ['lost+found'];

/**
 * Throws `denied` for a root that another user owns or may write to: whoever can has put whatever they like into the
 * database, and links where skiff writes and deletes. One that is empty, as a tmpfs of mode 1777 just mounted, is closed.
 */
function requireOwn(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return;
  const { mode, uid, gid } = found;
  if (uid !== process.geteuid?.()) {
    throw new EngineError('denied', `${directory} belongs to another user (uid ${uid})`, {
      subject: directory,
      hint: 'choose another place with --root, or, if all in it is your own, chown it to root',
    });
  }
  if (
    ((mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== 0)) &&
    !closeEmpty(directory, mode)
  ) {
    throw new EngineError('denied', `other users may write to ${directory}`, {
      subject: directory,
      hint: `if nobody else has put anything there: chmod go-w ${directory}`,
    });
  }
  if ((mode & 0o7777) === EARLIER) chmodSync(directory, PRIVATE);
}

/** Closes a directory to others if nobody has put anything into it, by then either. */
function closeEmpty(directory: string, mode: number): boolean {
  const isEmpty = () => readdirSync(directory).every((name) => OF_THE_FILE_SYSTEM.includes(name));
  if (!isEmpty()) return false;
  chmodSync(directory, PRIVATE);
  if (isEmpty()) return true;
  chmodSync(directory, mode & 0o7777);
  return false;
}

/** Throws `denied` for whoever is not root. */
export function requireRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new EngineError('denied', 'skiff needs root rights to manage containers', {
    hint: 'run it with sudo; rootless containers are not supported yet',
  });
}
