import { EngineError } from '../errors.ts';
import {
  asBoolean,
  asCount,
  asList,
  asObject,
  asString,
  type JsonObject,
  parseJson,
  shown,
} from '../oci/json.ts';
import { readDocument } from './content-encoding.ts';
import { notAList, pagesOf } from './pages.ts';
import type { Repository } from './repository.ts';
import type { RegistryRequests } from './requests.ts';
import { drain } from './transport.ts';

/** A repository as a search finds it. `name` is as its registry knows it, without the registry's own. */
export interface FoundRepository {
  name: string;
  description: string;
  stars: number;
  official: boolean;
  automated: boolean;
}

export interface SearchOptions {
  /** How many are wanted at most. */
  limit: number;
  signal?: AbortSignal | undefined;
}

/** Docker Hub answers searches elsewhere than it serves images. */
const HUB = 'docker.io';
const HUB_SEARCH = 'https://index.docker.io/';
/** In bytes. */
const ANSWER_LIMIT = 4 * 1024 * 1024;

/**
 * Searches a registry: by the search of the first registry API, as Docker does, else in its catalogue (distribution spec,
 * an optional part of it: `_catalog`), of which the names fit that contain the term. Throws EngineError: `unsupported` for a
 * registry that has neither, and what answers and the network become.
 */
export async function searchRegistry(
  requests: RegistryRequests,
  domain: string,
  term: string,
  options: SearchOptions,
): Promise<FoundRepository[]> {
  const { signal } = options;
  const registry = requests.routes.writing({ domain, path: '' });
  return await requests.explaining(registry, { signal, doing: 'searching' }, async () => {
    const found = await searchIndex(requests, registry, term, options);
    return found ?? (await searchCatalogue(requests, registry, term, options));
  });
}

/** Undefined where there is no such search. */
async function searchIndex(
  requests: RegistryRequests,
  registry: Repository,
  term: string,
  { limit, signal }: SearchOptions,
): Promise<FoundRepository[] | undefined> {
  const { domain } = registry;
  const isHub = domain === HUB;
  const resource = `/v1/search?${new URLSearchParams({ q: term, n: `${limit}` })}`;
  const response = await requests.send(
    { domain, path: '' },
    {
      method: 'GET',
      resource: isHub ? new URL(resource, HUB_SEARCH) : resource,
      object: objectOf(domain),
      rights: READING,
      accepts: isHub ? [200] : [200, 400, 401, 403, 404, 405, 406, 410, 501],
      signal,
    },
  );
  if (response.status !== 200) {
    await drain(response);
    return undefined;
  }
  const document = await readDocument(response, ANSWER_LIMIT, `the answer of ${domain}`);
  if (document === undefined) throw tooLarge(domain);
  try {
    const { results } = asObject(parseJson(document, 'answer'), 'answer');
    return asList(results, 'results', readResult);
  } catch (cause) {
    // Many a server has a page for whatever it does not know.
    if (!isHub) return undefined;
    throw notAList(domain, cause);
  }
}

function readResult(value: unknown, what: string): FoundRepository {
  const result = asObject(value, what);
  return {
    name: asString(result.name, `${what}.name`),
    description: shown(result.description, what, asString) ?? '',
    stars: shown(result.star_count, what, asCount) ?? 0,
    official: shown(result.is_official, what, asBoolean) ?? false,
    automated: shown(result.is_automated, what, asBoolean) ?? false,
  };
}

async function searchCatalogue(
  requests: RegistryRequests,
  registry: Repository,
  term: string,
  { limit, signal }: SearchOptions,
): Promise<FoundRepository[]> {
  const { domain } = registry;
  const wanted = term.toLowerCase();
  const found: FoundRepository[] = [];
  const listing = {
    resource: '/v2/_catalog',
    object: objectOf(domain),
    rights: READING,
    absent: () => noSearch(domain),
    signal,
  };
  for await (const page of pagesOf(requests, registry, listing)) {
    const names = namesOf(page, domain).filter((name) => name.includes(wanted));
    found.push(
      ...names.map((name) => ({ name, description: '', stars: 0, official: false, automated: false })),
    );
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

function namesOf({ repositories }: JsonObject, domain: string): string[] {
  try {
    // Go programs write null for what is empty.
    return repositories === null ? [] : asList(repositories, 'repositories', asString);
  } catch (cause) {
    throw notAList(domain, cause);
  }
}

const READING = { catalogue: true };

function objectOf(domain: string): string {
  return `what registry ${domain} has`;
}

function tooLarge(domain: string): EngineError {
  return new EngineError('invalid', `the answer of registry ${domain} is larger than ${ANSWER_LIMIT} bytes`, {
    subject: domain,
  });
}

function noSearch(domain: string): EngineError {
  return new EngineError('unsupported', `registry ${domain} can neither search nor list what it has`, {
    subject: domain,
  });
}
