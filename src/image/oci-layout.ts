import { EngineError } from '../errors.ts';
import { canonicalJson } from '../oci/canonical-json.ts';
import { type Descriptor, MediaType } from '../oci/descriptor.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { asObject, asString, parseJson } from '../oci/json.ts';
import type { Index } from '../oci/manifest.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';

/** The file that says that a directory is a layout, and the one that says what is in it (OCI image spec, image-layout.md). */
export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';

/** What is read of `oci-layout` at most, in bytes. */
export const LAYOUT_FILE_LIMIT = 4096;

/** The tag, in the words of the spec; tools put whole references there, too. */
const REF_NAME = 'org.opencontainers.image.ref.name';
/** containerd's annotation with the whole reference. */
const IMAGE_NAME = 'io.containerd.image.name';

const VERSION = '1.0.0';

/** The name of a blob's file in a layout. */
export function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** Throws `invalid` or `unsupported` unless the text of `oci-layout` says a version that is known. */
export function checkLayoutVersion(bytes: Uint8Array): void {
  const layout = asObject(parseJson(bytes, LAYOUT_FILE), LAYOUT_FILE);
  const version = asString(layout.imageLayoutVersion, 'imageLayoutVersion');
  if (/^1\./.test(version)) return;
  throw new EngineError('unsupported', `the OCI layout is of version ${version}`, {
    hint: `version ${VERSION} is known`,
  });
}

/** Writes `oci-layout`. */
export function layoutVersion(): Uint8Array {
  return canonicalJson({ imageLayoutVersion: VERSION });
}

/** An image of a layout: its reference, if it has one, and its manifests for different platforms, or an index of them. */
export interface LayoutImage {
  reference: Reference | undefined;
  entries: Descriptor[];
}

/**
 * Returns the images that the index of a layout names: what has the same reference is one image for several platforms, what
 * has none stands for itself. An annotation that is a tag only names nothing.
 */
export function imagesOfLayout({ manifests }: Index): LayoutImage[] {
  const images = new Map<string, LayoutImage>();
  for (const [index, entry] of manifests.entries()) {
    const reference = referenceOf(entry);
    const key = reference === undefined ? `${index}` : formatReference(reference);
    const image = images.get(key);
    if (image === undefined) images.set(key, { reference, entries: [entry] });
    else image.entries.push(entry);
  }
  return [...images.values()];
}

function referenceOf({ annotations = {} }: Descriptor): Reference | undefined {
  const text = annotations[IMAGE_NAME] ?? annotations[REF_NAME];
  if (text === undefined || !/[/:]/.test(text)) return undefined;
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/** Writes `index.json`: entries with the references that they are found by. */
export function layoutIndex(
  entries: readonly { descriptor: Descriptor; reference: Reference | undefined }[],
): Uint8Array {
  const manifests = entries.map(({ descriptor, reference }) => ({
    ...descriptor,
    annotations: { ...descriptor.annotations, ...(reference && annotationsOf(reference)) },
  }));
  return canonicalJson({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests });
}

function annotationsOf(reference: Reference): Record<string, string> {
  const { tag } = reference;
  return { [IMAGE_NAME]: formatReference(reference), ...(tag !== undefined && { [REF_NAME]: tag }) };
}
