import { EngineError } from '../../errors.ts';
import { readManifest } from '../../image/image.ts';
import { familiarReference, formatReference, type Reference } from '../../image/reference.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import { parseJson } from '../../oci/json.ts';
import type { RegistryClient } from '../../registry/client.ts';
import { readConfig } from '../images/pull-manifest.ts';
import { type ListedPlatform, type ManifestEntry, readListedPlatform } from './lists.ts';

/** A registry's answers, and the signal that ends the asking. */
export interface Asking {
  client: RegistryClient;
  signal: AbortSignal | undefined;
}

/** What a tag or digest of a registry leads to. */
export function tagOrDigestOf({ tag, digest }: Reference): string {
  return digest ?? tag ?? 'latest';
}

/**
 * Asks a registry for an image of a list, with its platform. Throws `invalid` for a name that leads to an index,
 * `unsupported` for what is no image, and what the registry's errors become.
 */
export async function fetchEntry(asking: Asking, reference: Reference): Promise<ManifestEntry> {
  const { client, signal } = asking;
  const { bytes, mediaType } = await client.manifest(reference, tagOrDigestOf(reference), { signal });
  if (readManifest(bytes, mediaType).parsed.kind === 'index') {
    const name = familiarReference(reference);
    throw new EngineError('invalid', `${name} is a manifest list`, {
      subject: name,
      remedy: `name one of its images by its digest: skiff manifest inspect ${name} shows them`,
    });
  }
  const platform = await configPlatform(asking, reference, { bytes, mediaType });
  return { reference: formatReference(reference), mediaType, platform, bytes };
}

/** The platform that the config of an image names. Throws `unsupported` for what is no image. */
export async function configPlatform(
  { client, signal }: Asking,
  reference: Reference,
  { bytes, mediaType }: { bytes: Uint8Array; mediaType: string },
): Promise<ListedPlatform> {
  const { parsed } = readManifest(bytes, mediaType);
  if (parsed.kind === 'index') return { architecture: '', os: '' };
  const config = await readConfig({ client, reference, blobs: NOTHING_HERE, signal }, parsed.config);
  parseImageConfig(config);
  return readListedPlatform(parseJson(config, "the image's config"), "the image's config");
}

/** Whoever asks a registry about its documents wants to know what it has, and needs no store. */
const NOTHING_HERE = {
  has: () => false,
  read: (): never => {
    throw new Error('there is nothing here');
  },
};
