import type { Reference } from '../../image/reference.ts';
import { MediaType } from '../../oci/descriptor.ts';
import { RegistryClient } from '../../registry/client.ts';
import { listReferrers } from '../../registry/referrers.ts';
import type { RegistryRequests } from '../../registry/requests.ts';
import { tagOrDigestOf } from './fetch.ts';
import type { InspectedDocument } from './inspect.ts';

/** Returns an index of what refers to the manifest, or the index, that a name leads to at its registry. */
export async function inspectReferrers(
  reference: Reference,
  requests: RegistryRequests,
  signal: AbortSignal | undefined,
): Promise<InspectedDocument> {
  const client = new RegistryClient(requests);
  const digest =
    reference.digest ?? (await client.manifest(reference, tagOrDigestOf(reference), { signal })).digest;
  const manifests = await listReferrers(requests, reference, digest, { signal });
  return { document: { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }, isIndex: true };
}
