import { EngineError } from '../../errors.ts';
import { familiarReference, formatReference, type Reference } from '../../image/reference.ts';
import { MediaType } from '../../oci/descriptor.ts';
import { type Digest, digestOf, parseDigest } from '../../oci/digest.ts';
import { asCount, asList, asObject, asString, type JsonObject, parseJson } from '../../oci/json.ts';
import { isIndexType, MANIFEST_LIMIT } from '../../oci/manifest.ts';
import type { Context } from '../store/context.ts';
import { type Asking, configPlatform, tagOrDigestOf } from './fetch.ts';
import { indexDocument } from './index-document.ts';
import { findList, type ListedPlatform, type ManifestEntry } from './lists.ts';

/** A manifest or an index, as it is written. */
export interface InspectedDocument {
  document: JsonObject;
  isIndex: boolean;
}

/** A manifest with all that is known of it, under Docker's names. `Raw` is in base64. */
export interface InspectedManifest {
  Ref: string;
  Descriptor: JsonObject;
  Raw: string;
  SchemaV2Manifest?: JsonObject;
  OCIManifest?: JsonObject;
}

/** The entries of an index that are fetched, and what all of them may have in bytes: an index of others is 4 MiB at most. */
const MAX_ENTRIES = 1000;
const MAX_BYTES = 16 * MANIFEST_LIMIT;

/** Reads what a name leads to: the list that was made here, else what the registry has. */
export async function inspectDocument(
  { paths }: Context,
  reference: Reference,
  asking: Asking,
): Promise<InspectedDocument> {
  const list = findList(paths, formatReference(reference));
  const { bytes, mediaType } =
    list === undefined
      ? await asking.client.manifest(reference, tagOrDigestOf(reference), { signal: asking.signal })
      : indexDocument(list.entries);
  return { document: read(bytes), isIndex: isIndexType(mediaType) };
}

/**
 * Reads a manifest, or all those of an index, each with its descriptor. What stands in an index is not read when it is an
 * index itself. Throws `unsupported` for an index that would take more than 1000 requests or 64 MiB.
 */
export async function inspectVerbosely(
  { paths }: Context,
  reference: Reference,
  asking: Asking,
): Promise<InspectedManifest | InspectedManifest[]> {
  const list = findList(paths, formatReference(reference));
  if (list !== undefined) return list.entries.map(inspectEntry);
  const { client, signal } = asking;
  const top = await client.manifest(reference, tagOrDigestOf(reference), { signal });
  if (isIndexType(top.mediaType)) return await inspectAll(reference, read(top.bytes), asking);
  const { bytes, mediaType, digest } = top;
  const platform = await platformIfImage(asking, reference, top);
  const descriptor = { mediaType, digest, size: bytes.length, platform };
  return inspected(formatReference(reference), descriptor, top);
}

/** What a registry has under a name. */
export interface DescribedManifest {
  descriptor: { mediaType: string; digest: Digest; size: number };
  platforms: JsonObject[];
}

/** Reads the descriptor of what a registry has under a name, and the platforms that it is for. */
export async function describeManifest(reference: Reference, asking: Asking): Promise<DescribedManifest> {
  const { client, signal } = asking;
  const top = await client.manifest(reference, tagOrDigestOf(reference), { signal });
  const { bytes, mediaType, digest } = top;
  const descriptor = { mediaType, digest, size: bytes.length };
  if (isIndexType(mediaType)) {
    const entries = asList(read(bytes).manifests, 'manifests', readEntry);
    const platforms = entries.flatMap(({ descriptor: { platform } }) =>
      platform ? [asObject(platform, 'platform')] : [],
    );
    return { descriptor, platforms };
  }
  const platform = await platformIfImage(asking, reference, top);
  return { descriptor, platforms: platform === undefined ? [] : [{ ...platform }] };
}

/** An entry of a list that was made here. */
export function inspectEntry({ reference, mediaType, platform, bytes }: ManifestEntry): InspectedManifest {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length, platform };
  return inspected(reference, descriptor, { bytes, mediaType });
}

async function inspectAll(
  reference: Reference,
  index: JsonObject,
  asking: Asking,
): Promise<InspectedManifest[]> {
  const entries = asList(index.manifests, 'manifests', readEntry);
  refuseTooMuch(reference, entries);
  const found: InspectedManifest[] = [];
  for (const { digest, size, descriptor } of entries) {
    const inner = { ...reference, digest };
    const manifest = await asking.client.manifest(inner, digest, { signal: asking.signal });
    if (manifest.bytes.length !== size) throw wrongSize(inner, size, manifest.bytes.length);
    const platform = descriptor.platform ?? (await platformIfImage(asking, inner, manifest));
    found.push(inspected(formatReference(inner), { ...descriptor, platform }, manifest));
  }
  return found;
}

interface IndexEntry {
  digest: Digest;
  size: number;
  /** With members that nobody here knows, too. */
  descriptor: JsonObject;
}

function readEntry(value: unknown, what: string): IndexEntry {
  const { mediaType, digest, size, ...others } = asObject(value, what);
  const checked = parseDigest(asString(digest, `${what}.digest`));
  const length = asCount(size, `${what}.size`);
  return { digest: checked, size: length, descriptor: { mediaType, digest, size, ...others } };
}

function refuseTooMuch(reference: Reference, entries: readonly IndexEntry[]): void {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  if (entries.length <= MAX_ENTRIES && bytes <= MAX_BYTES) return;
  const name = familiarReference(reference);
  throw new EngineError('unsupported', `${name} has too much in it: ${entries.length} manifests`, {
    subject: name,
    hint: 'inspect it without --verbose, or one of its manifests by its digest',
  });
}

function wrongSize(reference: Reference, stated: number, actual: number): EngineError {
  const name = familiarReference(reference);
  return new EngineError('invalid', `the manifest ${name} has ${actual} bytes instead of ${stated}`, {
    subject: name,
  });
}

/** Charts and signatures have no platform, and need none. */
async function platformIfImage(
  asking: Asking,
  reference: Reference,
  manifest: { bytes: Uint8Array; mediaType: string },
): Promise<ListedPlatform | undefined> {
  if (isIndexType(manifest.mediaType)) return undefined;
  try {
    return await configPlatform(asking, reference, manifest);
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'unsupported') return undefined;
    throw error;
  }
}

function inspected(
  Ref: string,
  Descriptor: JsonObject,
  { bytes, mediaType }: { bytes: Uint8Array; mediaType: string },
): InspectedManifest {
  const all = { Ref, Descriptor, Raw: Buffer.from(bytes).toString('base64') };
  if (mediaType === MediaType.dockerManifest) return { ...all, SchemaV2Manifest: read(bytes) };
  if (mediaType === MediaType.ociManifest) return { ...all, OCIManifest: read(bytes) };
  return all;
}

function read(bytes: Uint8Array): JsonObject {
  return asObject(parseJson(bytes, 'manifest'), 'manifest');
}
