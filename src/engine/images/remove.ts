import { EngineError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { appendImageEvent } from '../events/image.ts';
import { transactionAfterSweep } from '../state/departures.ts';
import { keepImageConfig } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { discardUnreferenced } from '../store/garbage.ts';
import { deleteImage, deleteName, familiarName, findImage, type ImageRow, namesOf } from '../store/images.ts';
import { trashOf } from '../store/trash.ts';
import { usersOfImage } from './users.ts';

/** The result of a removal, in the words that Docker prints. */
export interface RemovedImage {
  /** Familiar references. */
  untagged: string[];
  deleted: Digest[];
}

/**
 * Takes a name from an image; the image and what only it needs go with its last name. By id every name is taken,
 * which needs `force` when they are in several repositories. Throws `conflict` when a container uses the image
 * (`force` overrules a stopped one, and keeps the layers that it stands on).
 */
export async function removeImage(
  context: Context,
  text: string,
  { force }: { force: boolean },
): Promise<RemovedImage> {
  const { database } = context;
  const trash = trashOf(context);
  const remove = () => {
    const { image, name } = findImage(database, text);
    const names = namesOf(database, image.id);
    const taken =
      name === undefined
        ? [...names.tags, ...names.digests]
        : namesGoingWith(name, names.tags, names.digests);
    if (name === undefined && !force) refuseSeveralNames(text, names.tags);
    const last = taken.length === names.tags.length + names.digests.length;
    if (last) refuseUsed(context, image, { text, force });
    for (const each of taken) deleteName(database, each);
    if (last) {
      keepImageConfig(database, image);
      deleteImage(database, image.id);
    }
    return { image, untagged: taken.map(familiarName), deleted: last ? [image.id] : [] };
  };
  // Rows of --rm containers that are gone would keep the layers that these stood on.
  const { image, ...removed } = transactionAfterSweep(context, remove, { durable: true });
  if (removed.deleted.length > 0) discardUnreferenced(context, trash);
  noteRemoval(context, image, removed);
  await trash.empty();
  return removed;
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
        hint: running
          ? `stop and remove the container first (skiff rm -f ${row.name})`
          : mounts
            ? `remove the container first (skiff rm ${row.name}): it mounts the image`
            : 'remove the container first, or use --force',
      },
    );
  }
}
