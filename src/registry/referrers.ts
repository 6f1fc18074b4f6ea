import { EngineError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { asList, asObject, type JsonObject, parseJson } from '../oci/json.ts';
import { MANIFEST_LIMIT } from '../oci/manifest.ts';
import { readDocument } from './content-encoding.ts';
import { notAList, pagesOf } from './pages.ts';
import type { Repository } from './repository.ts';
import type { RegistryRequests } from './requests.ts';
import { drain } from './transport.ts';

/**
 * Lists what refers to a manifest, such as signatures: the descriptors, as the registry writes them (distribution spec,
 * "Listing Referrers"). Where the registry does not know that, they are in the index under the tag that stands for the digest
 * ("Referrers Tag Schema"). Mirrors are not asked: they may have fewer. Throws EngineError, as the client that reads does.
 */
export async function listReferrers(
  requests: RegistryRequests,
  named: Repository,
  digest: Digest,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<JsonObject[]> {
  const repository = requests.routes.reading(named).at(-1)?.repository ?? named;
  const { domain, path } = repository;
  const object = `what refers to ${domain}/${path}@${digest}`;
  return await requests.explaining(repository, { signal, doing: 'reading' }, async () => {
    const unknown = new EngineError('unsupported', `registry ${domain} does not list ${object}`);
    const ask = { resource: `referrers/${digest}`, object, signal, absent: () => unknown };
    const referrers: JsonObject[] = [];
    try {
      for await (const page of pagesOf(requests, repository, ask))
        referrers.push(...descriptorsOf(page, domain));
    } catch (error) {
      if (error !== unknown) throw error;
      return await referrersByTag(requests, repository, { digest, object, signal });
    }
    return referrers;
  });
}

async function referrersByTag(
  requests: RegistryRequests,
  repository: Repository,
  { digest, object, signal }: { digest: Digest; object: string; signal: AbortSignal | undefined },
): Promise<JsonObject[]> {
  const { domain } = repository;
  const response = await requests.send(repository, {
    method: 'GET',
    resource: `manifests/${digest.replace(':', '-')}`,
    headers: { accept: 'application/vnd.oci.image.index.v1+json' },
    accepts: [200, 404],
    object,
    signal,
  });
  if (response.status === 404) {
    await drain(response);
    return [];
  }
  const bytes = await readDocument(response, MANIFEST_LIMIT, object);
  if (bytes === undefined) throw notAList(domain, undefined);
  try {
    return descriptorsOf(asObject(parseJson(bytes, 'index'), 'index'), domain);
  } catch (cause) {
    throw notAList(domain, cause);
  }
}

function descriptorsOf({ manifests }: JsonObject, domain: string): JsonObject[] {
  try {
    return asList(manifests, 'manifests', asObject);
  } catch (cause) {
    throw notAList(domain, cause);
  }
}
