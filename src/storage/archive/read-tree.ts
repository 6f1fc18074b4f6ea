import type { Digest } from '../../oci/digest.ts';
import { answerOf, runVerb, runVerbTo, type VerbOptions } from './run-verb.ts';
import { mapWords, type TreePlace } from './tree.ts';

/**
 * Writes a tree (native/VERBS.md, ROOT) as tar to a descriptor, with its root as `./`; owners become those inside of
 * `owners`, if there are any.
 */
export async function archiveTree(
  root: string,
  descriptor: number,
  { owners, ...options }: VerbOptions & { owners?: TreePlace['owners'] },
): Promise<void> {
  await runVerbTo(descriptor, wholeWords(root, owners), options);
}

/** Yields what {@link archiveTree} writes. */
export function wholeTree(
  root: string,
  { owners, ...options }: VerbOptions & { owners?: TreePlace['owners'] },
): AsyncGenerator<Uint8Array> {
  return runVerb(wholeWords(root, owners), options);
}

function wholeWords(root: string, owners: TreePlace['owners']): string[] {
  return ['archive', root, '/', 'as=.', ...mapWords('from', owners)];
}

/**
 * The archive that an unpacked layer is the content of: the same directory gives the same bytes each time, for as long as
 * nobody writes to it.
 */
export function layerArchive(directory: string, options: VerbOptions): AsyncGenerator<Buffer> {
  return runVerb(['archive', `dir:${directory}`, '/', 'layer', 'as=.'], options);
}

/** The archive of a layer of which a directory has what the archive is to have, whiteouts as files of their names. */
export function archivedChanges(directory: string, options: VerbOptions): AsyncGenerator<Buffer> {
  return runVerb(['archive', `dir:${directory}`, '/', 'as=.'], options);
}

/** The digest and size of a layer's archive, which is written nowhere. */
export async function measureLayer(
  directory: string,
  options: VerbOptions,
): Promise<{ diffID: Digest; size: number }> {
  const words = ['archive', `dir:${directory}`, '/', 'layer', 'digest', 'as=.'];
  const [digest, size] = (await answerOf(words, options)).split(' ');
  return { diffID: `sha256:${digest}` as Digest, size: Number(size) };
}
