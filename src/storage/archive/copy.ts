import { type Copied, CopyAnswer, type CopyProgress } from './answer.ts';
import { runCopyVerb } from './copy-process.ts';
import { runVerb } from './run-verb.ts';
import { mapWords, type TreePlace } from './tree.ts';

/** What is copied where. */
export interface TreeCopy {
  from: TreePlace;
  /** A directory. */
  to: TreePlace;
  /** The name that it gets there; `.`: what is in a directory goes there, which stays as it is. */
  name: string;
  /** A link at the end of the source's path is followed. */
  follow?: boolean | undefined;
  /** Sockets and what overlay notes are copied, too, what cannot be kept is a failure, and all of it is on the disk afterwards. */
  exact?: boolean | undefined;
  /** To whom all belongs, as the destination calls them; absent: as it did. */
  owner?: { uid: number; gid: number } | undefined;
}

/** Who asks: hears how it goes, and may end it. */
export interface Listener {
  progress?: ((progress: CopyProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Copies a tree (the helper's verb `copy`). Throws as `copyError`. */
export async function copyTree(helper: string, copy: TreeCopy, listener: Listener = {}): Promise<Copied> {
  const { from, to, name, follow, exact, owner } = copy;
  const answer = new CopyAnswer(listener.progress);
  const words = [
    ...['copy', from.root, from.path, to.root, to.path, `as=${name}`],
    ...(follow === true ? ['follow'] : []),
    ...(exact === true ? ['exact', 'sync'] : []),
    ...mapWords('from', from.owners),
    ...mapWords('to', to.owners),
    ...(owner === undefined ? [] : [`owner=${owner.uid}:${owner.gid}`]),
    ...(listener.progress === undefined ? [] : ['progress']),
  ];
  await runCopyVerb(helper, words, { hear: (chunk) => answer.push(chunk), signal: listener.signal });
  return answer.copied;
}

/** What is written as tar. */
export interface TreeArchive {
  from: TreePlace;
  /** The name that it gets there; `.`: what is in a directory, without a name in front. */
  name: string;
  follow?: boolean | undefined;
}

/** Writes a tree as tar to this process's own standard output (the helper's verb `archive`). Throws as `copyError`. */
export async function archiveTree(helper: string, tree: TreeArchive, signal?: AbortSignal): Promise<void> {
  await runCopyVerb(helper, archiveWords(tree), { signal });
}

/** Yields a tree as tar. Throws as `runVerb`; leaving the loop early ends the helper. */
export function treeArchive(
  helper: string,
  tree: TreeArchive,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  return runVerb(archiveWords(tree), { helper, signal });
}

function archiveWords({ from, name, follow }: TreeArchive): string[] {
  return [
    ...['archive', from.root, from.path, `as=${name}`],
    ...(follow === true ? ['follow'] : []),
    ...mapWords('from', from.owners),
  ];
}
