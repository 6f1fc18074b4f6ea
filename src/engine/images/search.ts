import { EngineError } from '../../errors.ts';
import { parseReference } from '../../image/reference.ts';
import type { RegistryRequests } from '../../registry/requests.ts';
import { type FoundRepository, searchRegistry } from '../../registry/search.ts';
import type { RequestInfo } from '../../registry/transport.ts';
import { badFilterValue, booleanFilter, type FilterArgs, knownFilters } from '../options/filters.ts';

export interface SearchImagesOptions {
  /** How many are wanted at most, from 1 to 100; 25 when absent. */
  limit?: number | undefined;
  /** Docker's: is-official, is-automated, stars (so many at least). */
  filters?: FilterArgs | undefined;
  /** Told of credentials that cannot be used. */
  warn?: ((problem: EngineError) => void) | undefined;
  /** Told of each request. */
  onRequest?: ((info: RequestInfo) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const FILTERS = ['is-official', 'is-automated', 'stars'];
const DEFAULT_LIMIT = 25;
const HIGHEST_LIMIT = 100;
const HUB = 'docker.io';

/**
 * Searches for repositories whose name fits: `TERM` at Docker Hub, `HOST/TERM` at another registry. Those with most stars
 * come first; their names are such that they can be pulled. Throws `invalid` for a limit or a filter that is none, and what
 * {@link searchRegistry} throws.
 */
export async function searchImages(
  text: string,
  { limit = DEFAULT_LIMIT, filters = new Map(), signal }: SearchImagesOptions,
  requests: RegistryRequests,
): Promise<FoundRepository[]> {
  const fits = filterOf(filters);
  if (!Number.isInteger(limit) || limit < 1 || limit > HIGHEST_LIMIT) {
    throw new EngineError('invalid', `limit ${limit} is outside the range of [1, ${HIGHEST_LIMIT}]`, {
      subject: `${limit}`,
    });
  }
  const { domain, term } = splitTerm(text);
  const found = await searchRegistry(requests, domain, term, { limit, signal });
  return found
    .slice(0, limit)
    .filter(fits)
    .sort((one, other) => other.stars - one.stars)
    .map((one) => (domain === HUB ? one : { ...one, name: `${domain}/${one.name}` }));
}

/** As names of images are split; what is behind the registry may be part of a name, or nothing. */
function splitTerm(text: string): { domain: string; term: string } {
  const slash = text.indexOf('/');
  const { domain } = parseReference(slash < 0 ? 'x' : `${text.slice(0, slash)}/x`);
  const isNamed = slash >= 0 && (domain !== HUB || /^(index\.)?docker\.io$/.test(text.slice(0, slash)));
  const term = isNamed ? text.slice(slash + 1) : text;
  return { domain, term: domain === HUB ? term.replace(/^library\//, '') : term };
}

function filterOf(given: FilterArgs): (repository: FoundRepository) => boolean {
  const filters = knownFilters(given, FILTERS);
  const official = booleanFilter(filters, 'is-official');
  const automated = booleanFilter(filters, 'is-automated');
  const least = Math.max(0, ...(filters.get('stars') ?? []).map(starsOf));
  return (one) =>
    (official === undefined || one.official === official) &&
    (automated === undefined || one.automated === automated) &&
    one.stars >= least;
}

function starsOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw badFilterValue('stars', text, 'use a whole number');
}
