import { EngineError } from '../../errors.ts';
import type { Filters } from '../../grammar/filters.ts';
import { moment } from '../../grammar/moment.ts';
import { collectImagePruneFilter } from '../../grammar/prune-filters.ts';
import { isShown, shownFor } from '../bodies/differences.ts';
import { IMAGE, LISTED_IMAGE } from '../bodies/older-answers.ts';
import type { Call } from '../http/call.ts';
import { platformOf } from '../http/platform.ts';
import { pruneFilters } from '../http/prune-filters.ts';
import { named } from './named.ts';

const NS_PER_MS = 1_000_000n;

/** ImageList. */
export async function listImages({ engine, query, request, reply, answers, version }: Call): Promise<void> {
  const filters = query.filters();
  const reference = query.text('filter');
  if (reference !== undefined) filters.set('reference', [...(filters.get('reference') ?? []), reference]);
  const until = takeUntil(filters);
  const find = async () => {
    const summaries = await engine.images.summaries(filters, {
      sharedSize: query.flag('shared-size'),
      descriptors: isShown(version, LISTED_IMAGE, 'Descriptor'),
      manifests: query.flag('manifests'),
      until,
    });
    return summaries.map(shownFor(version, LISTED_IMAGE));
  };
  reply.madeJson(await answers.ask(request.url ?? '', find));
}

/** The time of the filter `until`, which is taken out, in ms since the epoch. Throws `invalid`. */
function takeUntil(filters: Filters): number | undefined {
  const text = filters.get('until')?.at(-1);
  filters.delete('until');
  return text === undefined ? undefined : Number(moment('until')(text) / NS_PER_MS);
}

/** ImageInspect. */
export async function inspectImage({ engine, path, query, reply, version }: Call): Promise<void> {
  const platform = platformOf(query.json('platform'));
  const manifests = query.flag('manifests');
  if (manifests && platform !== undefined)
    throw new EngineError(
      'invalid',
      'conflicting options: manifests and platform options cannot both be set',
      {
        hint: 'leave one of them out',
      },
    );
  const image = await engine.images.inspect(path.name ?? '', { platform, manifests });
  reply.json(shownFor(version, IMAGE)(image));
}

/** ImageHistory: the last step first. */
export async function imageHistory({ engine, path, query, reply }: Call): Promise<void> {
  const steps = await engine.images.history(path.name ?? '', platformOf(query.json('platform')));
  reply.json(
    steps.map(({ id, createdAt, createdBy, comment, size, tags }) => ({
      Id: id ?? '<missing>',
      Created: Math.floor((createdAt ?? 0) / 1000),
      CreatedBy: createdBy,
      Tags: tags.length === 0 ? null : tags,
      Size: size,
      Comment: comment,
    })),
  );
}

export async function tagImage({ engine, path, query, reply }: Call): Promise<void> {
  const [repo, tag] = [query.text('repo'), query.text('tag')];
  if (repo === undefined)
    throw new EngineError('invalid', 'no new name was given', { hint: 'say it with repo=' });
  await engine.images.tag(path.name ?? '', named(repo, tag));
  reply.empty(201);
}

/** ImageDelete. */
export async function removeImage({ engine, path, query, reply }: Call): Promise<void> {
  const removed = await engine.images.remove(path.name ?? '', { force: query.flag('force') });
  reply.json(deletions(removed));
}

export async function pruneImages({ engine, query, reply }: Call): Promise<void> {
  const { dangling = true, ...filters } = pruneFilters(query.filters(), collectImagePruneFilter, [
    'dangling',
  ]);
  const pruned = await engine.images.prune(filters, { all: !dangling });
  const deleted = deletions(pruned);
  reply.json({ ImagesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: pruned.reclaimed });
}

function deletions({ untagged, deleted }: { untagged: string[]; deleted: string[] }): object[] {
  return [...untagged.map((name) => ({ Untagged: name })), ...deleted.map((id) => ({ Deleted: id }))];
}

/** ImageSearch. */
export async function searchImages({ engine, query, reply, signal }: Call): Promise<void> {
  const term = query.text('term');
  if (term === undefined)
    throw new EngineError('invalid', 'nothing to search for was given', { hint: 'say it with term=' });
  const found = await engine.images.search(term, {
    limit: query.number('limit') ?? 25,
    filters: query.filters(),
    signal,
  });
  reply.json(
    found.map(({ name, description, stars, official, automated }) => ({
      name,
      description,
      star_count: stars,
      is_official: official,
      is_automated: automated,
    })),
  );
}
