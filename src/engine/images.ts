import type { EngineError } from '../errors.ts';
import { platformMatches, requirePlatform } from '../image/platform.ts';
import type { Digest } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import type { Platform } from '../oci/platform.ts';
import type { CredentialSource } from '../registry/credential.ts';
import type { FoundRepository } from '../registry/search.ts';
import type { RequestInfo } from '../registry/transport.ts';
import type { FetchedArchive } from './archives/fetch.ts';
import type { ImportOptions } from './archives/import.ts';
import type { ExplainedPull, ExplainPullOptions } from './explain/pull.ts';
import type { HistoryStep } from './images/history.ts';
import type { ListedImage } from './images/list.ts';
import type { LoadOptions, LoadSource } from './images/load.ts';
import type { PrunedImages } from './images/prune.ts';
import type { PulledImage, PullOptions } from './images/pull.ts';
import type { PushOptions } from './images/push.ts';
import type { RemoteTags } from './images/remote-tags.ts';
import type { RemovedImage } from './images/remove.ts';
import type { SaveOptions } from './images/save.ts';
import type { SearchImagesOptions } from './images/search.ts';
import type { ImageTree } from './images/tree.ts';
import type { FilterArgs } from './options/filters.ts';
import type { PruneFilters } from './options/prune.ts';
import type { ImageUsage } from './reports/disk-usage.ts';
import type { SummaryOptions } from './reports/image-summary.ts';
import type { Context } from './store/context.ts';
import { type FoundImage, findImage, lookUpImage, notFetched } from './store/images.ts';

export interface RemoteTagsOptions {
  /** Told of credentials that cannot be used. */
  warn?: ((problem: EngineError) => void) | undefined;
  /** Told of each request. */
  onRequest?: ((info: RequestInfo) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Who asks a registry, in the place of whoever this machine keeps for it. */
export interface WithCredentials {
  credentials?: CredentialSource | undefined;
}

/** Use cases of images. `text` is a reference, an image id, or a prefix of an id that fits only one. */
export class Images {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * The image if it is here (and for this platform, when one is asked for: of a kept index also another one than its name leads
   * to, which is unpacked). The one inside skiff always is.
   */
  async lookUp(text: string, platform?: Platform): Promise<FoundImage | undefined> {
    const found = await this.#here(text);
    if (found === undefined || platform === undefined || platformMatches(platformOf(found), platform))
      return found;
    const { lookUpInIndex } = await import('./images/other-platform.ts');
    return await lookUpInIndex(this.#context, found, platform);
  }

  /** Returns the image; throws `notFound` for one that is not here, or only for another platform. */
  async find(text: string, platform?: Platform): Promise<FoundImage> {
    const found = await this.#here(text);
    if (found === undefined) throw notFetched(text);
    if (platform === undefined || platformMatches(platformOf(found), platform)) return found;
    const { findInIndex } = await import('./images/other-platform.ts');
    const other = await findInIndex(this.#context, found, platform);
    if (other === undefined) requirePlatform(platformOf(found), platform, text);
    return other ?? found;
  }

  async #here(text: string): Promise<FoundImage | undefined> {
    const found = lookUpImage(this.#context.database, text);
    if (found !== undefined) return found;
    const { importEmbedded } = await import('./images/embedded.ts');
    return await importEmbedded(this.#context, text);
  }

  /** Fetches an image from its registry, or finds that it is here already. */
  async pull(text: string, options: PullOptions & WithCredentials = {}): Promise<PulledImage> {
    const { pullImage } = await import('./images/pull.ts');
    const { connectRegistries } = await import('./images/registries.ts');
    const requests = await connectRegistries(this.#context, options.warn ?? (() => {}), options);
    return await pullImage(this.#context, text, options, requests);
  }

  /** Pushes an image to the registry that its name says, or all tags of a repository. Throws as `pushImages`. */
  async push(text: string, options: PushOptions & WithCredentials): Promise<void> {
    const { pushImages } = await import('./images/push.ts');
    const { connectRegistries } = await import('./images/registries.ts');
    const requests = await connectRegistries(this.#context, options.warn ?? (() => {}), options);
    await pushImages(this.#context, text, options, requests);
  }

  /** All tags that a registry has of a repository. Throws as `remoteTags`. */
  async remoteTags(text: string, options: RemoteTagsOptions & WithCredentials = {}): Promise<RemoteTags> {
    const { remoteTags } = await import('./images/remote-tags.ts');
    const { connectRegistries } = await import('./images/registries.ts');
    const requests = await connectRegistries(this.#context, options.warn ?? (() => {}), options);
    return await remoteTags(text, options, requests);
  }

  /** Finds repositories at Docker Hub or at another registry. Throws as `searchImages`. */
  async search(text: string, options: SearchImagesOptions = {}): Promise<FoundRepository[]> {
    const { searchImages } = await import('./images/search.ts');
    const { connectRegistries } = await import('./images/registries.ts');
    const requests = await connectRegistries(this.#context, options.warn ?? (() => {}), options);
    return await searchImages(text, options, requests);
  }

  /** Says what `pull` would do. The registry is asked for manifest and config; the store is not changed. */
  async explainPull(text: string, options: ExplainPullOptions = {}): Promise<ExplainedPull> {
    const { explainPull } = await import('./explain/pull.ts');
    const { openPreview } = await import('./store/preview.ts');
    using preview = openPreview(this.#context);
    return (await explainPull(preview.context, text, options)).explained;
  }

  /** Makes an image of a tar archive. Returns its id. */
  async importFrom(source: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Digest> {
    const { importArchive } = await import('./archives/import.ts');
    return await importArchive(this.#context, source, options);
  }

  /** What a URL leads to, for an import. Throws as `fetchArchive`. */
  async fetch(url: URL, signal?: AbortSignal): Promise<FetchedArchive> {
    const { fetchArchive } = await import('./archives/fetch.ts');
    return await fetchArchive(this.#context, url, signal);
  }

  /** Newest in this store first. Throws as `listImages`. */
  async list(filters?: FilterArgs): Promise<ListedImage[]> {
    const { listImages } = await import('./images/list.ts');
    return listImages(this.#context, filters);
  }

  /** Images as Docker's API lists them, newest first. Throws as `list`. */
  async summaries(filters: FilterArgs, options: SummaryOptions): Promise<object[]> {
    const { imageSummaries } = await import('./reports/image-summary.ts');
    return await imageSummaries(this.#context, filters, options);
  }

  /** What stands under each name: platforms, and whatever else its index lists. Throws as `imageTrees`. */
  async trees(filters?: FilterArgs): Promise<ImageTree[]> {
    const { imageTrees } = await import('./images/tree.ts');
    return imageTrees(this.#context, filters);
  }

  /** What each image takes on the disk, alone and together with others, and who uses it. Throws as `diskUsage`. */
  async usage(): Promise<ImageUsage[]> {
    const { imageUsage } = await import('./reports/disk-usage.ts');
    return await imageUsage(this.#context);
  }

  /** Docker's JSON. Throws `notFound`. */
  async inspect(
    text: string,
    { platform, manifests = true }: { platform?: Platform | undefined; manifests?: boolean } = {},
  ): Promise<object> {
    const found =
      platform === undefined ? findImage(this.#context.database, text) : await this.find(text, platform);
    const { inspectImage } = await import('./inspect/image.ts');
    return inspectImage(this.#context, found, { manifests });
  }

  /** Gives an image one more name. Throws `notFound`, and `invalid` for a name that cannot be. */
  async tag(source: string, target: string): Promise<void> {
    const { tagImage } = await import('./images/tag.ts');
    // The one inside skiff is brought in first.
    const { name, image } = await this.find(source);
    tagImage(this.#context, name ?? image.id, target);
  }

  /** The steps of how an image came to be, the last one first. Throws `notFound`. */
  async history(text: string, platform?: Platform): Promise<HistoryStep[]> {
    const { imageHistory } = await import('./images/history.ts');
    const { image } = await this.find(text, platform);
    return imageHistory(this.#context, image);
  }

  async prune(filters: PruneFilters, options: { all: boolean }): Promise<PrunedImages> {
    const { pruneImages } = await import('./images/prune.ts');
    return await pruneImages(this.#context, filters, options);
  }

  /** Saves images to an archive or a directory. Throws as `saveImages`. */
  async save(texts: readonly string[], options: SaveOptions): Promise<void> {
    const { saveImages } = await import('./images/save.ts');
    const named: string[] = [];
    // The one inside skiff is brought in, and has another name then.
    for (const text of texts) {
      const known = lookUpImage(this.#context.database, text) !== undefined;
      named.push(known ? text : ((await this.#here(text))?.name ?? text));
    }
    await saveImages(this.#context, named, options);
  }

  /** Brings the images of an archive or a directory into the store. Throws as `loadImages`. */
  async load(source: LoadSource, options: LoadOptions): Promise<void> {
    const { loadImages } = await import('./images/load.ts');
    await loadImages(this.#context, source, options);
  }

  async remove(text: string, options: { force: boolean }): Promise<RemovedImage> {
    const { removeImage } = await import('./images/remove.ts');
    return await removeImage(this.#context, text, options);
  }
}

function platformOf({ image }: FoundImage): Platform {
  return parseImageConfig(Buffer.from(image.config));
}
