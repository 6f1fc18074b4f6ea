import type { EngineError } from '../../errors.ts';
import type { Platform } from '../../oci/platform.ts';
import type { CredentialSource } from '../../registry/credential.ts';
import type { WantedCompression } from '../images/compressed-layer.ts';
import type { SaveFormat, SaveTarget } from '../images/save.ts';
import type { ResourceOptions, RlimitOption } from '../options/create.ts';
import type { BindMount } from '../options/mounts.ts';
import type { CacheSource, CacheTarget } from './cache-options.ts';
import type { CheckedDockerfile } from './checked.ts';
import type { ContextSource } from './open-context.ts';
import type { BuildProgress } from './progress.ts';
import type { Secrets } from './secret.ts';

/** How an image is built. The same type whether the request came from a command line or an HTTP body. */
export interface BuildOptions {
  source: ContextSource;
  /** Which Dockerfile: a path, or the text itself; absent: the usual one. */
  file?: string | { bytes: AsyncIterable<Uint8Array> } | undefined;
  /** Contexts by their name, in lower case; directories are absolute. */
  contexts?: ReadonlyMap<string, NamedContext> | undefined;
  /** `REPOSITORY[:TAG]` each. */
  names: readonly string[];
  /** What becomes of it; absent: an image of this store. */
  outputs?: readonly BuildOutput[] | undefined;
  /** A stage's name or number; absent: the last. */
  target?: string | undefined;
  buildArgs?: Readonly<Record<string, string>> | undefined;
  labels?: Readonly<Record<string, string>> | undefined;
  annotations?: Record<string, string> | undefined;
  /** What it is built for, each once; absent: this machine's. Of several the result is an index. */
  platforms?: readonly Platform[] | undefined;
  /** All layers that the build makes become one. */
  squash?: boolean | undefined;
  /** Bases are fetched also when they are here. */
  pull?: boolean | undefined;
  /** Nothing comes from the cache: of any stage, or of those with these names. */
  noCache?: boolean | readonly string[] | undefined;
  /** Caches that are asked, in their order, for what the store's own has not. */
  cacheFrom?: readonly CacheSource[] | undefined;
  /** What was built is written there, when all is done. */
  cacheTo?: readonly CacheTarget[] | undefined;
  steps: StepSettings;
  /** Whom registries are shown; absent: what this machine keeps. */
  credentials?: CredentialSource | undefined;
  /** For RUN --mount=type=secret, and for repositories that want a token. */
  secrets?: Secrets | undefined;
  /** For RUN --mount=type=ssh, and for repositories that are got by ssh. */
  agents?: Agents | undefined;
  /** What RUN may ask for besides: without it a step that does is refused. */
  allow?: readonly Entitlement[] | undefined;
  /** SOURCE_DATE_EPOCH, in seconds: when image and history were made; absent: when they were. */
  latest?: number | undefined;
  /** With `latest`: no time of a file that the build has made is later. Absent: what steps do is the same for each `latest`. */
  rewritesTimes?: boolean | undefined;
  progress: BuildProgress;
  /** Told at the end what there is to be said of the Dockerfile, once it could be read. */
  onChecked?: ((checked: CheckedDockerfile) => void) | undefined;
  /** Told of the RUN that has made the build fail, once nothing else runs: before `buildImage` throws that very error. */
  onFailedRun?: ((error: EngineError, openShell: ShellOpener) => Promise<void>) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a command where a RUN has failed: on its files as it has left them, with its mounts, environment, user, directory,
 * network, limits and secrets, on this process's terminal. Absent: the shell of its stage. Resolves when that has ended. What was
 * written to a tmpfs or a bind mount is not there any more. Called once. Throws what keeps it from starting.
 */
export type ShellOpener = (command?: readonly string[]) => Promise<void>;

/** Agents of ssh by id; that of nobody is called `default`. */
export interface Agents {
  /** The path of its socket; undefined: there is none of this name. */
  get(id: string): string | undefined | Promise<string | undefined>;
}

/** What becomes of a build. */
export type BuildOutput =
  /** An image of this store. Without a compression layers that were made here stay as they are until they are pushed. */
  | { kind: 'image'; form?: ImageForm | undefined }
  /** Its files, in a directory that is there or is made; all belongs to whoever builds. */
  | { kind: 'files'; directory: string }
  /** The same, in a directory that is gone when `take` has resolved. */
  | { kind: 'files'; take(directory: string): Promise<void> }
  /** Its files as tar, with their owners, to a descriptor, or to who reads it to its end. */
  | { kind: 'tar'; descriptor: number }
  | { kind: 'tar'; write(archive: AsyncIterable<Uint8Array>): Promise<void> }
  /** An image in an archive or a layout, which the store does not keep. Without a compression it is gzip. */
  | { kind: 'archive'; format: SaveFormat; to: SaveTarget; form?: ImageForm | undefined };

/** How an image is written. */
export interface ImageForm {
  /** `REPOSITORY[:TAG]` each, besides those of the build. */
  names?: readonly string[] | undefined;
  compression?: WantedCompression | undefined;
  /** Of the manifest, besides those of the build. */
  annotations?: Readonly<Record<string, string>> | undefined;
  /** Whose media types the manifest has; absent: those of the OCI. */
  types?: 'docker' | undefined;
}

/**
 * What stands in for a name of the file: `--build-context NAME=…`. A stream is an archive; what is at a URL that is no git
 * repository is a file, which has the name that it has there.
 */
export type NamedContext =
  | { kind: 'directory'; path: string }
  | { kind: 'image'; reference: string }
  | Exclude<ContextSource, { kind: 'path' }>;

export type Entitlement = 'network.host' | 'security.insecure';

/** What all RUNs of a build have in common. */
export interface StepSettings {
  /** `default`, `none`, `host`, or a network of this store; absent: `default`. */
  network?: string | undefined;
  /** For /etc/hosts; the address may be `host-gateway`. */
  extraHosts?: readonly { name: string; address: string }[] | undefined;
  /** Of the host, for all RUNs: they see what lies there, and the cache does not look at it. */
  mounts?: readonly BindMount[] | undefined;
  resources?: ResourceOptions | undefined;
  rlimits?: readonly RlimitOption[] | undefined;
  /** Bytes of /dev/shm. */
  shmSize?: number | undefined;
}
