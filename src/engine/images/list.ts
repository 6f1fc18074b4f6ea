import { type ImageConfig, parseImageConfig } from '../../oci/image-config.ts';
import { booleanFilter, type FilterArgs, hasLabels, knownFilters } from '../options/filters.ts';
import type { Context } from '../store/context.ts';
import {
  allImages,
  familiarName,
  findImage,
  type ImageNames,
  type ImageRow,
  namesOf,
} from '../store/images.ts';
import { imagesInIndexes } from '../store/indexes.ts';
import { timeOf } from './time.ts';

/** The filters of Docker's image list (Docker Engine API, ImageList), but `until`, which is a time. */
const FILTERS = ['before', 'dangling', 'label', 'reference', 'since'];

/** An image as lists show it, with the names that lead to it: of those, the ones that `reference` asks for. */
export interface ListedImage {
  image: ImageRow;
  names: ImageNames;
  /** When it was built, ms since the epoch; undefined: it does not say. */
  builtAt: number | undefined;
  /** It has no name, and is in an index that is kept whole. */
  isPart: boolean;
}

/**
 * Newest in this store first; with `until`, in ms since the epoch, only those that were built before. Throws `invalid` for
 * filters that are none, `notFound` for an image that they name.
 */
export function listImages(
  { database }: Context,
  given: FilterArgs = new Map(),
  until?: number,
): ListedImage[] {
  const filters = knownFilters(given, FILTERS);
  const dangling = booleanFilter(filters, 'dangling');
  const labels = filters.get('label') ?? [];
  const patterns = filters.get('reference')?.map(globMatcher);
  const time = (name: string) => {
    const text = filters.get(name)?.at(-1);
    return text === undefined ? undefined : (timeOf(configOf(findImage(database, text).image).created) ?? 0);
  };
  const [before, since] = [time('before'), time('since')];
  const parts = imagesInIndexes(database);
  return allImages(database).flatMap((image) => {
    const config = configOf(image);
    const built = timeOf(config.created);
    const all = namesOf(database, image.id);
    const isPart = parts.has(image.id) && all.tags.length + all.digests.length === 0;
    if (!fitsDangling(all, isPart, dangling) || !hasLabels(config.config.Labels ?? {}, labels)) return [];
    if (until !== undefined && !((built ?? 0) < until)) return [];
    if (before !== undefined && !((built ?? 0) < before)) return [];
    if (since !== undefined && !((built ?? 0) > since)) return [];
    const names = patterns === undefined ? all : matching(all, patterns);
    if (patterns !== undefined && names.tags.length + names.digests.length === 0) return [];
    return [{ image, names, builtAt: built, isPart }];
  });
}

function configOf(image: ImageRow): ImageConfig {
  return parseImageConfig(Buffer.from(image.config));
}

/**
 * Whether an image fits `--filter dangling`, as with Docker: one without a tag dangles, unless it is a part of what has one;
 * but one with a digest is also among those that do not.
 */
function fitsDangling({ tags, digests }: ImageNames, isPart: boolean, wanted: boolean | undefined): boolean {
  if (wanted === undefined) return true;
  return wanted ? tags.length === 0 && !isPart : tags.length + digests.length > 0 || isPart;
}

type NameTest = (name: string) => boolean;

function matching({ tags, digests }: ImageNames, patterns: readonly NameTest[]): ImageNames {
  const fits = (name: string) => {
    const familiar = familiarName(name);
    const bare = familiar.replace(/@.*$/, '').replace(/:[^/]*$/, '');
    return patterns.some((pattern) => pattern(familiar) || pattern(bare));
  };
  return { tags: tags.filter(fits), digests: digests.filter(fits) };
}

/** A pattern of Go's path.Match: `*` and `?` stop at slashes. */
function globMatcher(pattern: string): NameTest {
  const source = pattern.replace(
    /\\([\s\S])|\*|\?|\[\^?[^\]]*\]|[.+^${}()|\\\]]/g,
    (part, escaped?: string) => {
      if (escaped !== undefined) return escaped.replace(/\W/g, '\\$&');
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      return part.startsWith('[') && part.length > 2 ? part : `\\${part}`;
    },
  );
  try {
    const expression = new RegExp(`^${source}$`);
    return (name) => expression.test(name);
  } catch {
    return (name) => name === pattern;
  }
}
