import { asList, asString } from '../oci/json.ts';
import { notAList, pagesOf } from './pages.ts';
import type { Repository } from './repository.ts';
import type { RegistryRequests } from './requests.ts';

/**
 * Lists the tags of a repository (distribution spec, "Listing Tags"), in the registry's order. Mirrors are not asked: they may
 * have fewer. Throws EngineError, as the client that reads does.
 */
export async function listTags(
  requests: RegistryRequests,
  named: Repository,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<string[]> {
  const repository = requests.routes.reading(named).at(-1)?.repository ?? named;
  const { domain, path } = repository;
  return await requests.explaining(repository, { signal, doing: 'reading' }, async () => {
    const tags: string[] = [];
    const object = `repository ${domain}/${path}`;
    for await (const page of pagesOf(requests, repository, { resource: 'tags/list', object, signal })) {
      try {
        // Go programs write null for what is empty.
        tags.push(...(page.tags === null ? [] : asList(page.tags, 'tags', asString)));
      } catch (cause) {
        throw notAList(domain, cause);
      }
    }
    return tags;
  });
}
