import { EngineError } from '../../errors.ts';
import type { Database } from '../../host/database.ts';
import type { Digest } from '../../oci/digest.ts';
import { appendImageEvent } from '../events/image.ts';
import { transactionAfterSweep } from '../state/departures.ts';
import { keepImageConfig } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { discardUnreferenced } from '../store/garbage.ts';
import {
  deleteImage,
  deleteName,
  familiarName,
  findImage,
  type ImageRow,
  imageOfManifest,
  namesOf,
} from '../store/images.ts';
import {
  dropUnnamedIndexes,
  heldIndex,
  imagesInIndexes,
  ownNamesOfIndex,
  releaseIndex,
  releaseIndexes,
} from '../store/indexes.ts';
import { trashOf } from '../store/trash.ts';
import { usersOfImage } from './users.ts';

/** The result of a removal, in the words that Docker prints. */
export interface RemovedImage {
  /** Familiar references. */
  untagged: string[];
  deleted: Digest[];
}

/**
 * Takes a name from an image; the image and what only it needs go with its last name, and so does what else was in an index
 * to which no name leads any more. An image that is in another kept index stays, unless it is named by its id. By id every
 * name is taken, which needs `force` when they are in several repositories; so by the digest of an index, of the names that lead to
 * that one. Throws `conflict` when a container uses what is
 * to go (`force` overrules a stopped one, and keeps the layers that it stands on).
 */
export async function removeImage(
  context: Context,
  text: string,
  { force }: { force: boolean },
): Promise<RemovedImage> {
  const { database } = context;
  const trash = trashOf(context);
  const remove = () => {
    const { image, name, index } = findImage(database, text);
    const names = index === undefined ? namesOf(database, image.id) : namesOfOne(database, index);
    const taken =
      name === undefined
        ? [...names.tags, ...names.digests]
        : namesGoingWith(name, names.tags, names.digests);
    if (name === undefined && !force) refuseSeveralNames(text, names.tags);
    for (const each of taken) deleteName(database, each);
    if (index !== undefined) releaseIndex(database, index);
    else if (isNameless(database, image.id)) releaseIndexes(database, image.id);
    const dropped = dropUnnamedIndexes(database);
    const others = dropped
      .flatMap(({ manifests }) => manifests)
      .flatMap((digest) => imageOfManifest(database, digest) ?? []);
    const kept = imagesInIndexes(database);
    const byId = new Map([image, ...others].map((each) => [each.id, each]));
    const isById = name === undefined && index === undefined;
    const gone = [...byId.values()].filter(
      ({ id }) =>
        isNameless(database, id) &&
        heldIndex(database, id) === undefined &&
        (!kept.has(id) || (isById && id === image.id)),
    );
    for (const each of gone) {
      refuseUsed(context, each, { text, force });
      keepImageConfig(database, each);
      deleteImage(database, each.id);
    }
    const untagged = taken.map(familiarName);
    const ofIndex = dropped.flatMap(({ digest }) => (digest === index ? digest : []));
    const deleted = [...ofIndex, ...gone.map(({ id }) => id)];
    return { image, leaves: gone.length + dropped.length > 0, untagged, deleted };
  };
  // Rows of --rm containers that are gone would keep the layers that these stood on.
  const { image, leaves, ...removed } = transactionAfterSweep(context, remove, { durable: true });
  if (leaves) discardUnreferenced(context, trash);
  noteRemoval(context, image, removed);
  await trash.empty();
  return removed;
}

function namesOfOne(database: Database, index: Digest): { tags: string[]; digests: string[] } {
  const names = ownNamesOfIndex(database, index);
  return {
    tags: names.filter((name) => !name.includes('@')),
    digests: names.filter((name) => name.includes('@')),
  };
}

function isNameless(database: Database, image: Digest): boolean {
  const { tags, digests } = namesOf(database, image);
  return tags.length + digests.length === 0;
}

/** Writes the events of a removal. As with Docker the id stands for the name, too: that name leads nowhere any more. */
function noteRemoval(context: Context, { id, config }: ImageRow, { untagged, deleted }: RemovedImage): void {
  for (const _ of untagged) appendImageEvent(context, 'untag', { id, name: id, config });
  for (const each of deleted)
    appendImageEvent(context, 'delete', { id: each, name: each, config: undefined });
}

/**
 * Returns the name with those that go together with it: with the last tag of a repository its digests go too, as nobody
 * gave those names by hand.
 */
function namesGoingWith(name: string, tags: readonly string[], digests: readonly string[]): string[] {
  const repository = repositoryOf(name);
  const otherTags = tags.filter((tag) => tag !== name && repositoryOf(tag) === repository);
  if (name.includes('@') || otherTags.length > 0) return [name];
  return [name, ...digests.filter((digest) => repositoryOf(digest) === repository)];
}

function repositoryOf(name: string): string {
  const at = name.indexOf('@');
  return at < 0 ? name.slice(0, name.lastIndexOf(':')) : name.slice(0, at);
}

function refuseSeveralNames(text: string, tags: readonly string[]): void {
  if (new Set(tags.map(repositoryOf)).size < 2) return;
  throw new EngineError('conflict', `image ${text} has names in several repositories`, {
    subject: text,
    failure: 'imageOfSeveralNames',
    hint: `remove it by name (${tags.map(familiarName).join(', ')}) or all of them with --force`,
  });
}

function refuseUsed(
  context: Context,
  image: ImageRow,
  { text, force }: { text: string; force: boolean },
): void {
  for (const { row, running, mounts } of usersOfImage(context, image.id)) {
    if (!running && force && !mounts) continue;
    throw new EngineError(
      'conflict',
      `image ${text} is used by ${running ? 'running' : 'stopped'} container ${row.name}`,
      {
        subject: text,
        failure: running ? 'imageOfRunning' : 'imageOfStopped',
        object: row.id,
        hint:
          running || mounts
            ? 'stop and remove the container first'
            : 'remove the container first, or use --force',
        remedy: running
          ? `stop and remove the container first (skiff rm -f ${row.name})`
          : mounts
            ? `remove the container first (skiff rm ${row.name}): it mounts the image`
            : undefined,
      },
    );
  }
}
