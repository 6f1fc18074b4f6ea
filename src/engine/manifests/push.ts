import { EngineError } from '../../errors.ts';
import { familiarReference, formatReference, parseReference, type Reference } from '../../image/reference.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { blobsOfManifest, isIndexType } from '../../oci/manifest.ts';
import { RegistryClient } from '../../registry/client.ts';
import type { Repository } from '../../registry/repository.ts';
import type { RegistryRequests } from '../../registry/requests.ts';
import { RegistryUploads } from '../../registry/upload.ts';
import type { Context } from '../store/context.ts';
import { indexDocument } from './index-document.ts';
import { type ManifestEntry, type ManifestList, removeList, requireList } from './lists.ts';

export interface PushListOptions {
  /** The list is forgotten once it is at the registry. */
  purge: boolean;
  /** Told of each image that was brought into the list's repository from another one: its canonical name there. */
  onPushed(reference: string, digest: Digest): void;
  signal?: AbortSignal | undefined;
}

/**
 * Pushes a list to the registry that its name says: first what is missing there of its images, whose blobs are taken over
 * from their repositories, or copied where the registry cannot do that; then the index. Returns its digest. Throws
 * `notFound` for a list that nobody made, `invalid` for images of other registries, and for one without a platform.
 */
export async function pushList(
  context: Context,
  name: Reference,
  { purge, onPushed, signal }: PushListOptions,
  requests: RegistryRequests,
): Promise<Digest> {
  const list = requireList(context.paths, formatReference(name));
  check(list, name);
  const push = { uploads: new RegistryUploads(requests), client: new RegistryClient(requests), signal };
  for (const entry of list.entries) {
    const digest = digestOf(entry.bytes);
    if (!(await pushEntry(push, name, entry))) continue;
    onPushed(formatReference({ domain: name.domain, path: name.path, digest }), digest);
  }
  const index = indexDocument(list.entries);
  await push.uploads.manifest(name, name.tag ?? 'latest', index, signal);
  if (purge) await removeList(context, list.name);
  return index.digest;
}

function check({ entries }: ManifestList, { domain }: Reference): void {
  for (const { reference, platform } of entries) {
    const source = parseReference(reference);
    const image = familiarReference(source);
    if (source.domain !== domain) {
      throw new EngineError(
        'invalid',
        `image ${image} is at ${source.domain}, the manifest list is to be at ${domain}`,
        { subject: image, hint: 'images and list have to be at one registry: push the image there first' },
      );
    }
    if (platform.os !== '' && platform.architecture !== '') continue;
    throw new EngineError('invalid', `image ${image} does not say its platform`, {
      subject: image,
      remedy: 'say it with skiff manifest annotate --os OS --arch ARCHITECTURE',
    });
  }
}

interface Push {
  uploads: RegistryUploads;
  client: RegistryClient;
  signal: AbortSignal | undefined;
}

/** Returns whether the image had to be brought into the list's repository. */
async function pushEntry(
  { uploads, client, signal }: Push,
  target: Repository,
  { reference, mediaType, bytes }: ManifestEntry,
): Promise<boolean> {
  const source = parseReference(reference);
  if (source.path === target.path) return false;
  for (const descriptor of blobsOf({ bytes, mediaType })) {
    await uploads.blob(target, {
      descriptor,
      open: () => client.blob(source, descriptor, { signal }),
      from: source.path,
      signal,
    });
  }
  const digest = digestOf(bytes);
  await uploads.manifest(target, digest, { bytes, mediaType, digest }, signal);
  return true;
}

/** The blobs that a repository has to have before it takes a manifest: layers that lie elsewhere are not among them. */
function blobsOf({ bytes, mediaType }: Pick<ManifestEntry, 'bytes' | 'mediaType'>): Descriptor[] {
  return isIndexType(mediaType) ? [] : blobsOfManifest(bytes);
}
