import { EngineError } from '../errors.ts';
import { asObject, type JsonObject, parseJson } from '../oci/json.ts';
import { readDocument } from './content-encoding.ts';
import type { Repository } from './repository.ts';
import type { Ask, RegistryRequests } from './requests.ts';
import { drain, type HttpResponse } from './transport.ts';

/** A list that a registry hands out page by page (distribution spec, "Listing Tags"). */
export interface Listing extends Pick<Ask, 'object' | 'rights' | 'signal'> {
  /** Of the first page. */
  resource: string;
  /** The error for a registry that does not have such a list at all: 404 and 405. Absent: what they mean elsewhere. */
  absent?: () => EngineError;
}

/** In bytes: one page. A page has 100 names where the registry decides. */
const PAGE_LIMIT = 4 * 1024 * 1024;
const MAX_PAGES = 1000;

/**
 * Yields the pages of a list; who leaves the loop asks for no more. Throws `invalid` for what is no such list, and for one that
 * leads in a circle or has more than 1000 pages.
 */
export async function* pagesOf(
  requests: RegistryRequests,
  repository: Repository,
  { absent, ...ask }: Listing,
): AsyncGenerator<JsonObject> {
  const { domain } = repository;
  const accepts = absent === undefined ? [200] : [200, 404, 405];
  const seen = new Set<string>();
  let next: string | URL | undefined = ask.resource;
  while (next !== undefined) {
    if (seen.size >= MAX_PAGES || seen.has(String(next))) throw endless(domain);
    seen.add(String(next));
    const response = await requests.send(repository, { ...ask, method: 'GET', resource: next, accepts });
    if (absent !== undefined && response.status !== 200) {
      await drain(response);
      throw absent();
    }
    yield await pageOf(response, domain);
    next = nextPage(requests, repository, response);
  }
}

async function pageOf(response: HttpResponse, domain: string): Promise<JsonObject> {
  const bytes = await readDocument(response, PAGE_LIMIT, `the answer of ${domain}`);
  if (bytes === undefined) {
    throw new EngineError('invalid', `a list of registry ${domain} is larger than ${PAGE_LIMIT} bytes`, {
      subject: domain,
    });
  }
  try {
    return asObject(parseJson(bytes, 'list'), 'list');
  } catch (cause) {
    throw notAList(domain, cause);
  }
}

/** Says that a registry answered something else. */
export function notAList(domain: string, cause: unknown): EngineError {
  const message = `registry ${domain} sent something that is not the list that it was asked for`;
  return new EngineError('invalid', message, {
    subject: domain,
    hint: `check that ${domain} is a container registry`,
    cause,
  });
}

/** Where `Link: <…>; rel="next"` leads (RFC 8288). */
function nextPage(
  requests: RegistryRequests,
  repository: Repository,
  response: HttpResponse,
): URL | undefined {
  const [, target] = /<([^>]*)>[^,]*;\s*rel="?next"?/i.exec(response.header('link') ?? '') ?? [];
  return target === undefined ? undefined : requests.target(repository, response.url, target);
}

function endless(domain: string): EngineError {
  return new EngineError('invalid', `a list of registry ${domain} does not end`, { subject: domain });
}
