import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { unlessMissing } from '../../host/missing.ts';
import { type Image, type ImageDocument, readImage, readManifest } from '../../image/image.ts';
import { attestedManifest, isAttestation } from '../../image/manifest-tree.ts';
import { allEntries, type EntryKind } from '../../image/whole-index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../../oci/digest.ts';
import { blobsOfManifest, type Index, isIndexType, type Manifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, imageOfManifest, manifestOf, manifestsOf } from '../store/images.ts';
import { notedLayerSizes } from '../store/layer-sizes.ts';
import { type StoredTargets, targetsInStore } from '../store/targets.ts';
import { indexOf } from './other-platform.ts';

/** What stands under a name: an image, or whatever else its index lists, as far as it is here. */
export interface Member {
  descriptor: Descriptor;
  kind: EntryKind;
  /** As the index says, else as the image does. */
  platform: Platform | undefined;
  /** All of it is here: its blobs, or an image's unpacked layers in their place. */
  isHere: boolean;
  /** Its blobs that are here, the manifest among them, with their sizes in bytes. */
  blobs: ReadonlyMap<Digest, number>;
  /** Its layers that are unpacked, by their chainIDs, with their sizes in bytes. */
  layers: ReadonlyMap<Digest, number>;
  /** The image's id, where that is known: the digest of its config. */
  imageId: Digest | undefined;
  /** Of an attestation the digest of the manifest that it is about, if it says so. */
  attests: string | undefined;
}

export interface Members {
  /** To what the name leads: the index, else the manifest of the image; undefined for one that never had any. */
  target: Descriptor | undefined;
  /** The index that the name leads to. */
  index: Descriptor | undefined;
  /** That one, and those inside it that are kept. */
  indexes: Descriptor[];
  /** What it lists, in its order, that of indexes inside in the place of these where it is known; else the image alone. */
  members: Member[];
}

/** Returns what stands under the name that an image was found by. */
export function membersOf(context: Context, found: FoundImage): Members {
  const { database } = context;
  const manifest = manifestOf(database, found.image.id, found.name);
  if (manifest === undefined) return { target: undefined, index: undefined, indexes: [], members: [] };
  const { digest, mediaType, body, indexDigest } = manifest;
  const whole = indexOf(database, found);
  if (whole !== undefined) {
    const entries = allEntries(whole);
    const listed = entries.filter(({ index }) => index === undefined);
    const index = descriptorOf(whole.document);
    return {
      target: index,
      index,
      indexes: [index, ...entries.flatMap((entry) => (entry.index === undefined ? [] : entry.descriptor))],
      members: listed.map((entry) => memberOf(context, entry.descriptor, entry)),
    };
  }
  const index = indexDigest === undefined ? undefined : readIndexBlob(context, indexDigest);
  const own = { digest, mediaType, size: Buffer.byteLength(body) };
  const inIndex = index?.parsed.manifests ?? [];
  // It may have been chosen from an index inside, which is not here.
  const listed = inIndex.some((each) => each.digest === digest) ? inIndex : [...inIndex, own];
  const indexes = index === undefined ? [] : [descriptorOf(index)];
  return {
    target: indexes[0] ?? own,
    index: indexes[0],
    indexes,
    members: listed.map((descriptor) =>
      memberOf(context, descriptor, knownManifest(context, descriptor.digest)),
    ),
  };
}

/** What names of images lead to: an index, or the manifest of an image. It reads the store at once, for many to be asked for. */
export class Targets {
  readonly #context: Context;
  readonly #targets: StoredTargets;

  constructor(context: Context) {
    this.#context = context;
    this.#targets = targetsInStore(context.database);
  }

  /** Undefined for an image that never had a manifest. */
  of({ image, name }: Pick<FoundImage, 'image' | 'name'>): Descriptor | undefined {
    const { manifests, names, indexes, held } = this.#targets;
    const own = manifests.get(image.id) ?? [];
    const named = name === undefined ? undefined : names.get(name);
    const target = own.find(({ manifest }) => manifest.digest === named?.manifest) ?? own.at(-1);
    const kept = indexes.get((name === undefined ? held.get(image.id) : named?.index) ?? '');
    if (target === undefined || kept !== undefined) return target && kept;
    const blob = target.index === undefined ? undefined : readIndexBlob(this.#context, target.index);
    return blob === undefined ? target.manifest : descriptorOf(blob);
  }
}

/** A manifest whose text is known, and the image that it is one of. */
interface KnownManifest {
  bytes: Uint8Array;
  image?: Image | undefined;
}

function memberOf(context: Context, descriptor: Descriptor, known: KnownManifest | undefined): Member {
  const { database, paths } = context;
  const { digest, size } = descriptor;
  const image = known?.image;
  const wanted = known === undefined ? [] : blobsOfManifest(known.bytes);
  const isHere = (blob: Digest) => existsSync(join(paths.blobs, hexOf(blob)));
  const blobs = new Map(
    [{ digest, size }, ...wanted]
      .filter((blob) => isHere(blob.digest))
      .map((blob) => [blob.digest, blob.size]),
  );
  const unpacked = (image?.layers ?? []).filter(({ chainID }) =>
    existsSync(join(paths.layers, hexOf(chainID))),
  );
  const chain = unpacked.map(({ chainID }) => chainID);
  const sizes = notedLayerSizes(database, chain);
  const here = new Set([...blobs.keys(), ...unpacked.map((layer) => layer.descriptor.digest)]);
  return {
    descriptor,
    kind: kindOf(descriptor, known),
    platform: descriptor.platform ?? image?.config.parsed,
    isHere:
      known !== undefined && [digest, ...wanted.map((blob) => blob.digest)].every((blob) => here.has(blob)),
    blobs,
    layers: new Map(chain.map((chainID, index) => [chainID, sizes[index] ?? 0])),
    imageId: image?.config.digest,
    attests: attestedManifest(descriptor),
  };
}

/** What nobody has looked into is an image if it says for which platform. */
function kindOf(descriptor: Descriptor, known: KnownManifest | undefined): EntryKind {
  if (isIndexType(descriptor.mediaType)) return 'index';
  if (isAttestation(descriptor)) return 'attestation';
  const isImage = known === undefined ? descriptor.platform !== undefined : known.image !== undefined;
  return isImage ? 'image' : 'other';
}

/** A manifest that an image of this store has. */
function knownManifest({ database }: Context, digest: Digest): KnownManifest | undefined {
  const row = imageOfManifest(database, digest);
  const manifest = row && manifestsOf(database, row.id).find((each) => each.digest === digest);
  if (row === undefined || manifest === undefined) return undefined;
  const bytes = Buffer.from(manifest.body);
  const document = readManifest(bytes, manifest.mediaType) as ImageDocument<Manifest>;
  return { bytes, image: readImage(document, Buffer.from(row.config)) };
}

/** An index that is kept as a blob alone; undefined when that was lost or damaged, of which a check tells. */
function readIndexBlob({ paths }: Context, digest: Digest): ImageDocument<Index> | undefined {
  const bytes = unlessMissing(() => readFileSync(join(paths.blobs, hexOf(digest))));
  if (bytes === undefined || digestOf(bytes) !== digest) return undefined;
  const document = readManifest(bytes);
  if (document.parsed.kind === 'index') return document as ImageDocument<Index>;
  throw new EngineError('invalid', `blob ${digest} is no index`, { subject: digest });
}

function descriptorOf({ mediaType, digest, bytes }: ImageDocument<Index>): Descriptor {
  return { mediaType, digest, size: bytes.length };
}
