import type { CopyStep } from '../../build/stages/step.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Copied } from '../../storage/archive/answer.ts';
import type { Listener } from '../../storage/archive/copy.ts';
import type { Context } from '../store/context.ts';
import type { SourceTree, StageTree } from './tree.ts';

/** Ids, as a stage calls them. */
export interface Owner {
  uid: number;
  gid: number;
}

/** A COPY or ADD that is to be done. */
export interface CopyRequest {
  step: CopyStep;
  source: SourceTree;
  /** What `--chown` says (`resolveOwner`); absent: root, or whoever it was where a source keeps owners. */
  owner: Owner | undefined;
  /** A directory of this step's own on the file system of the store: what is downloaded comes there, and stays until it is copied. */
  scratch: string;
}

/** What a step takes. */
export interface Selection {
  /**
   * Of all that is taken, as it will be: names, kinds, modes, owners, where links lead, attributes and content. Neither times
   * nor the place of the source count. It is not that of the destination and of the other words of the step.
   */
  digest: Digest;
  entries: number;
  bytes: number;
  /** What `copySources` goes by. */
  parts: unknown;
}

/**
 * Finds out what a COPY or ADD takes. Throws `notFound` for a source that is not there (unless `--if-exists`), `invalid` for
 * one that cannot be, `unavailable` for what cannot be read or downloaded.
 */
export declare function digestSources(
  context: Context,
  request: CopyRequest,
  signal?: AbortSignal,
): Promise<Selection>;

/**
 * Copies what was selected into a stage. Returns the digest of what was really copied: it is another one when somebody
 * has changed the sources meanwhile, and then it is this by which the layer has to be found again. Throws `conflict`
 * where a file would take the place of a directory or the reverse, and as `copyError`.
 */
export declare function copySources(
  context: Context,
  request: CopyRequest,
  { selection, stage }: { selection: Selection; stage: StageTree },
  listener?: Listener,
): Promise<Copied & { digest: Digest }>;

/** Makes the directory of a WORKDIR, where it is not; parents too, links within the stage are followed. */
export declare function makeDirectory(
  context: Context,
  stage: StageTree,
  path: string,
  owner?: Owner,
): Promise<void>;

/**
 * The ids that `--chown=USER[:GROUP]` means in a stage: names are looked up in its /etc/passwd and /etc/group; without a
 * group it is that of the user, for a number the same number. Throws `invalid` for a name that is not there.
 */
export declare function resolveOwner(
  context: Context,
  chown: string,
  { layers, scratch }: { layers: readonly string[]; scratch: string },
): Promise<Owner>;
