import { EngineError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Index, isIndexType, isManifestType } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import { formatPlatform, platformMatches, platformRank } from './platform.ts';

/** Fetches what the entries of an index name, for those entries that have to be looked at. */
export interface ManifestSource {
  index(descriptor: Descriptor): Promise<Index>;
  /** Returns the platform that the config of an image names; undefined when the manifest is not that of an image. */
  platform(descriptor: Descriptor): Promise<Platform | undefined>;
  /** How many may be looked at in all; absent: a few, as each costs a request. */
  maxLooks?: number;
}

/** Digests make circles impossible, but not towers: so many indexes may stand on each other. */
export const MAX_DEPTH = 8;
/** Limits how many indexes, and images without a platform, are looked at in all. */
const MAX_LOOKS = 16;

/**
 * Chooses the image that suits `wanted` best from an index and from those inside it (OCI image spec, image-index.md):
 * the same variant, else the newest older one that the processor also runs. The first of equals wins, and the higher
 * one. Indexes inside are read only while nothing fits exactly, and not those that say to be for something else; what
 * one says of its platform goes for its entries that say nothing. Among images without a platform the config decides,
 * if no other fits; the only image of all is taken as it is. Attestations and foreign things are skipped.
 *
 * Throws `notFound`, naming what is offered, and `unsupported` for a tree beyond the limits.
 */
export async function chooseFromTree(
  top: Index,
  wanted: Platform,
  source: ManifestSource,
): Promise<Descriptor> {
  const walk = new TreeWalk(wanted, source);
  for (let level = [top]; level.length > 0; level = await walk.descend()) {
    walk.add(level);
    if (walk.best?.rank === 0) break;
  }
  const chosen = walk.best?.entry ?? (await walk.withoutPlatform());
  if (chosen !== undefined) return chosen;
  const offered = [...walk.offered].join(', ') || 'no platform at all';
  throw new EngineError(
    'notFound',
    `no image for platform ${formatPlatform(wanted)}: the index offers ${offered}`,
    { subject: formatPlatform(wanted) },
  );
}

class TreeWalk {
  readonly #wanted: Platform;
  readonly #source: ManifestSource;
  readonly offered = new Set<string>();
  best: { entry: Descriptor; rank: number } | undefined;
  #images = 0;
  #open: Descriptor[] = [];
  #nested: Descriptor[] = [];
  readonly #seen = new Set<string>();
  #depth = 0;
  #looks = 0;

  constructor(wanted: Platform, source: ManifestSource) {
    this.#wanted = wanted;
    this.#source = source;
  }

  /** Takes note of the entries of some indexes that stand equally high. */
  add(level: readonly Index[]): void {
    this.#depth++;
    this.#nested = [];
    for (const entry of level.flatMap(({ manifests }) => manifests)) {
      if (isAttestation(entry)) continue;
      if (isIndexType(entry.mediaType)) this.#nested.push(entry);
      else if (isManifestType(entry.mediaType)) this.#addImage(entry);
    }
  }

  /** The indexes one level further down that may hold what is wanted. */
  async descend(): Promise<Index[]> {
    const indexes: Index[] = [];
    for (const entry of this.#nested) {
      const { digest, platform } = entry;
      if (this.#seen.has(digest)) continue;
      this.#seen.add(digest);
      if (platform !== undefined && platformRank(platform, this.#wanted) === undefined) {
        this.offered.add(formatPlatform(platform));
        continue;
      }
      if (this.#depth >= MAX_DEPTH) throw tooMuch(`has more than ${MAX_DEPTH} levels`);
      this.#look();
      const index = await this.#source.index(entry);
      const manifests = index.manifests.map((inner) => ({ ...inner, platform: inner.platform ?? platform }));
      indexes.push({ ...index, manifests });
    }
    return indexes;
  }

  /** The best of the images that name no platform. */
  async withoutPlatform(): Promise<Descriptor | undefined> {
    const [only] = this.#open;
    if (only !== undefined && this.#images === 1) return only;
    let best: { entry: Descriptor; rank: number } | undefined;
    for (const entry of this.#open) {
      this.#look();
      const platform = await this.#source.platform(entry);
      if (platform === undefined) continue;
      this.offered.add(formatPlatform(platform));
      if (!platformMatches(platform, this.#wanted)) continue;
      const rank = platformRank(platform, this.#wanted) ?? Number.POSITIVE_INFINITY;
      if (best === undefined || rank < best.rank) best = { entry, rank };
      if (rank === 0) break;
    }
    return best?.entry;
  }

  #addImage(entry: Descriptor): void {
    this.#images++;
    if (entry.platform === undefined) {
      this.#open.push(entry);
      return;
    }
    this.offered.add(formatPlatform(entry.platform));
    const rank = platformRank(entry.platform, this.#wanted);
    if (rank !== undefined && (this.best === undefined || rank < this.best.rank)) this.best = { entry, rank };
  }

  #look(): void {
    const { maxLooks = MAX_LOOKS } = this.#source;
    if (++this.#looks > maxLooks) throw tooMuch(`has more than ${maxLooks} parts that must be looked at`);
  }
}

/** BuildKit stores provenance beside the images, under a platform that no machine has. */
export function isAttestation({ platform, annotations }: Descriptor): boolean {
  return (
    annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' ||
    (platform?.os === 'unknown' && platform.architecture === 'unknown')
  );
}

/** The digest of the manifest that an attestation is about; undefined when it does not say, or is none. */
export function attestedManifest({ annotations }: Descriptor): string | undefined {
  return annotations?.['vnd.docker.reference.digest'];
}

function tooMuch(problem: string): EngineError {
  return new EngineError('unsupported', `the index ${problem}`, {
    hint: 'name the image that is wanted by its digest',
  });
}
