import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import {
  blobsOfManifest,
  type Index,
  isIndexType,
  isManifestType,
  MANIFEST_LIMIT,
  type Manifest,
} from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import { type Image, type ImageDocument, readImage, readManifest } from './image.ts';
import { chooseFromTree, isAttestation, MAX_DEPTH } from './manifest-tree.ts';
import { hostPlatform } from './platform.ts';

/** An entry of an index is an image, what somebody attests of one, another index, or some other artifact. */
export type EntryKind = 'image' | 'attestation' | 'index' | 'other';

/** An index with all that is in it. */
export interface WholeIndex {
  document: ImageDocument<Index>;
  /** In its order. */
  entries: IndexEntry[];
}

/** What an index lists: its descriptor there, and the document that this names. */
export interface IndexEntry {
  descriptor: Descriptor;
  kind: EntryKind;
  bytes: Uint8Array;
  /** Config and layers, as far as registries have them; of an index none. */
  blobs: readonly Descriptor[];
  /** Of an image. */
  image?: Image | undefined;
  /** Of an index. */
  index?: WholeIndex | undefined;
}

/** Fetches the documents that an index names, several at a time; it need not verify them. */
export interface IndexSource {
  /** A manifest or an index. */
  document(descriptor: Descriptor): Promise<Uint8Array>;
  /** The config of an image. */
  config(descriptor: Descriptor): Promise<Uint8Array>;
}

/** How much may be listed in an index and those inside it, and what the documents may have in bytes, all together. */
const MAX_ENTRIES = 1000;
const MAX_BYTES = 16 * MANIFEST_LIMIT;

/**
 * Reads all manifests, indexes and configs that an index leads to, each once. Throws `invalid` for what is not as its
 * descriptor says, and `unsupported` for an index with something in it that is neither manifest nor index, for one that
 * lists more than 1000 things or leads to documents of more than 64 MiB, or is higher than 8 levels; and what the source throws.
 */
export async function readWholeIndex(
  document: ImageDocument<Index>,
  source: IndexSource,
): Promise<WholeIndex> {
  return await new Reader(source).index(document, 1);
}

class Reader {
  readonly #source: IndexSource;
  readonly #known = new Map<Digest, Promise<Omit<IndexEntry, 'descriptor'>>>();
  #entries = 0;
  #bytes = 0;

  constructor(source: IndexSource) {
    this.#source = source;
  }

  async index(document: ImageDocument<Index>, depth: number): Promise<WholeIndex> {
    if (depth > MAX_DEPTH) throw tooMuch(`has more than ${MAX_DEPTH} levels`);
    this.#entries += document.parsed.manifests.length;
    if (this.#entries > MAX_ENTRIES) throw tooMuch(`lists more than ${MAX_ENTRIES} manifests`);
    const entries = document.parsed.manifests.map(async (descriptor): Promise<IndexEntry> => {
      const known = this.#known.get(descriptor.digest) ?? this.#entry(descriptor, depth);
      this.#known.set(descriptor.digest, known);
      return { ...(await known), descriptor };
    });
    return { document, entries: await Promise.all(entries) };
  }

  async #entry(descriptor: Descriptor, depth: number): Promise<Omit<IndexEntry, 'descriptor'>> {
    const { mediaType, digest } = descriptor;
    if (!isIndexType(mediaType) && !isManifestType(mediaType))
      throw new EngineError('unsupported', `the index lists ${digest} of type ${mediaType}`, {
        subject: digest,
        hint: 'only indexes of manifests and indexes can be kept whole',
      });
    const bytes = await this.#read(descriptor, (each) => this.#source.document(each));
    const document = documentOf(bytes, descriptor);
    if (document?.parsed.kind === 'index') {
      const index = await this.index(document as ImageDocument<Index>, depth + 1);
      return { kind: 'index', bytes, blobs: [], index };
    }
    const blobs = blobsOfManifest(bytes);
    if (isAttestation(descriptor)) return { kind: 'attestation', bytes, blobs };
    if (document === undefined) return { kind: 'other', bytes, blobs };
    const config = await this.#read(document.parsed.config, (each) => this.#source.config(each));
    const image = unlessUnsupported(() => readImage(document as ImageDocument<Manifest>, config));
    return image === undefined ? { kind: 'other', bytes, blobs } : { kind: 'image', bytes, blobs, image };
  }

  async #read(
    descriptor: Descriptor,
    fetch: (descriptor: Descriptor) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    this.#bytes += descriptor.size;
    if (this.#bytes > MAX_BYTES) throw tooMuch(`leads to documents of more than ${MAX_BYTES} bytes`);
    const bytes = await fetch(descriptor);
    const { digest, size } = descriptor;
    const found = bytes.length === size ? digestOf(bytes) : `${bytes.length} bytes instead of ${size}`;
    if (found === digest) return bytes;
    throw new EngineError('invalid', `${digest} of the index has ${found}`, { subject: digest });
  }
}

/** A manifest or an index; undefined for an artifact that is no image. */
function documentOf(
  bytes: Uint8Array,
  { mediaType, digest }: Pick<Descriptor, 'mediaType' | 'digest'>,
): ImageDocument<Manifest | Index> | undefined {
  const document = unlessUnsupported(() => readManifest(bytes, mediaType));
  const [isIndex, wanted] = [document?.parsed.kind === 'index', isIndexType(mediaType)];
  if (document === undefined || isIndex === wanted) return document;
  const [is, said] = isIndex ? ['an index', 'a manifest'] : ['a manifest', 'an index'];
  throw new EngineError('invalid', `${digest} is ${is}, but was said to be ${said}`, { subject: digest });
}

function unlessUnsupported<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'unsupported') return undefined;
    throw error;
  }
}

/** All entries, those of indexes inside before these, each document once: in an order in which registries take them. */
export function allEntries(index: WholeIndex): IndexEntry[] {
  const all = new Map<Digest, IndexEntry>();
  const add = ({ entries }: WholeIndex): void => {
    for (const entry of entries) {
      const { digest } = entry.descriptor;
      if (all.has(digest)) continue;
      if (entry.index !== undefined) add(entry.index);
      all.set(digest, entry);
    }
  };
  add(index);
  return [...all.values()];
}

/** The blobs that belong to it beside its manifests and indexes, each once. */
export function blobsOfIndex(index: WholeIndex): Descriptor[] {
  const all = allEntries(index).flatMap(({ blobs }) => blobs);
  return [...new Map(all.map((descriptor) => [descriptor.digest, descriptor])).values()];
}

/** Chooses the image that suits a platform best, as {@link chooseFromTree} does and with its errors. */
export async function imageFor(index: WholeIndex, platform: Platform): Promise<Image> {
  const entries = new Map(allEntries(index).map((entry) => [entry.descriptor.digest, entry]));
  const chosen = await chooseFromTree(index.document.parsed, platform, {
    index: async ({ digest }) => entries.get(digest)?.index?.document.parsed ?? noMore(digest),
    platform: async ({ digest }) => entries.get(digest)?.image?.config.parsed,
    maxLooks: MAX_ENTRIES,
  });
  const image = entries.get(chosen.digest)?.image;
  if (image !== undefined) return image;
  throw new EngineError('unsupported', `${chosen.digest} is no image, but was said to be one`, {
    subject: chosen.digest,
  });
}

/**
 * The image that whoever asks for no particular platform gets: this machine's, else the first of the index. Throws as
 * {@link imageFor} for a platform that was asked for and is not there, `unsupported` for an index without an image.
 */
export async function imageOfIndex(index: WholeIndex, platform: Platform | undefined): Promise<Image> {
  if (platform !== undefined) return await imageFor(index, platform);
  try {
    return await imageFor(index, hostPlatform());
  } catch (error) {
    const first = allEntries(index).find(({ image }) => image !== undefined)?.image;
    if (first !== undefined && error instanceof EngineError && error.kind === 'notFound') return first;
    throw error;
  }
}

function noMore(digest: Digest): never {
  throw new EngineError('invalid', `${digest} is a manifest, but was said to be an index`, {
    subject: digest,
  });
}

function tooMuch(problem: string): EngineError {
  return new EngineError('unsupported', `the index ${problem}`, {
    hint: 'pull without --all-platforms, or name what is wanted by its digest',
  });
}
