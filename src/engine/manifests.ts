import type { EngineError } from '../errors.ts';
import { formatReference, parseReference } from '../image/reference.ts';
import type { Digest } from '../oci/digest.ts';
import type { CredentialSource } from '../registry/credential.ts';
import type { RequestInfo } from '../registry/transport.ts';
import type { DescribedManifest, InspectedDocument, InspectedManifest } from './manifests/inspect.ts';
import type { PlatformChange } from './manifests/lists.ts';
import type { PushListOptions } from './manifests/push.ts';
import type { Context } from './store/context.ts';

/** How a registry is asked. */
export interface ManifestRequest {
  /** The registries of the names may speak plain HTTP or show certificates that nobody vouches for. */
  insecure: boolean;
  /** Told of credentials that cannot be used. */
  warn(problem: EngineError): void;
  /** Told of each request. */
  onRequest?: ((info: RequestInfo) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** In the place of those that this machine keeps. */
  credentials?: CredentialSource | undefined;
}

/** Use cases of a registry's manifests and indexes, and of lists that are made here. Names are references. */
export class Manifests {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** A list that was made here, else the registry's manifest or index, as it is. */
  async inspect(name: string, request: ManifestRequest): Promise<InspectedDocument> {
    const { inspectDocument } = await import('./manifests/inspect.ts');
    return await inspectDocument(this.#context, parseReference(name), await this.#asking([name], request));
  }

  /** The same with descriptors: of an index all that is in it. */
  async inspectVerbosely(
    name: string,
    request: ManifestRequest,
  ): Promise<InspectedManifest | InspectedManifest[]> {
    const { inspectVerbosely } = await import('./manifests/inspect.ts');
    return await inspectVerbosely(this.#context, parseReference(name), await this.#asking([name], request));
  }

  /** Reads what the registry has under a name: the descriptor of it, and the platforms that it is for. */
  async describe(name: string, request: ManifestRequest): Promise<DescribedManifest> {
    const { describeManifest } = await import('./manifests/inspect.ts');
    return await describeManifest(parseReference(name), await this.#asking([name], request));
  }

  /** An image in a list that was made here. Throws `notFound`. */
  async inspectEntry(list: string, image: string): Promise<InspectedManifest> {
    const { findList } = await import('./manifests/lists.ts');
    const { inspectEntry } = await import('./manifests/inspect.ts');
    const { notInList } = await import('./manifests/create.ts');
    const [name, reference] = [parseReference(list), parseReference(image)];
    const wanted = formatReference(reference);
    const found = findList(this.#context.paths, formatReference(name))?.entries.find(
      (entry) => entry.reference === wanted,
    );
    if (found === undefined) throw notInList(name, reference);
    return inspectEntry(found);
  }

  /** Makes a list of images, or adds to it. Returns its canonical name. Throws as `createList`. */
  async create(
    list: string,
    images: readonly string[],
    { amend, ...request }: ManifestRequest & { amend: boolean },
  ): Promise<string> {
    const { createList } = await import('./manifests/create.ts');
    const { parseListName } = await import('./manifests/lists.ts');
    const name = parseListName(list);
    const references = images.map(parseReference);
    const asking = await this.#asking(images, request);
    await createList(this.#context, name, { references, amend, ...asking });
    return formatReference(name);
  }

  /** Says what platform an image of a list is for. Throws as `annotateEntry`. */
  async annotate(list: string, image: string, platform: PlatformChange): Promise<void> {
    const { annotateEntry } = await import('./manifests/create.ts');
    const reference = parseReference(image);
    await annotateEntry(this.#context, parseReference(list), { reference, platform });
  }

  /** Pushes a list with its images. Returns the digest of its index. Throws as `pushList`. */
  async push(list: string, options: PushListOptions & ManifestRequest): Promise<Digest> {
    const { pushList } = await import('./manifests/push.ts');
    const { parseListName } = await import('./manifests/lists.ts');
    const requests = await this.#requests([list], options);
    return await pushList(this.#context, parseListName(list), options, requests);
  }

  /** Forgets a list. Throws `notFound`. */
  async remove(list: string): Promise<void> {
    const { removeList } = await import('./manifests/lists.ts');
    await removeList(this.#context, formatReference(parseReference(list)));
  }

  /** An index of what refers to a registry's manifest or index, such as signatures. */
  async referrers(name: string, request: ManifestRequest): Promise<InspectedDocument> {
    const { inspectReferrers } = await import('./manifests/referrers.ts');
    return await inspectReferrers(
      parseReference(name),
      await this.#requests([name], request),
      request.signal,
    );
  }

  async #asking(names: readonly string[], request: ManifestRequest) {
    const { RegistryClient } = await import('../registry/client.ts');
    const client = new RegistryClient(await this.#requests(names, request));
    return { client, signal: request.signal };
  }

  async #requests(names: readonly string[], { insecure, warn, onRequest, credentials }: ManifestRequest) {
    const { connectRegistries } = await import('./images/registries.ts');
    const domains = insecure ? names.map((name) => parseReference(name).domain) : [];
    return await connectRegistries(this.#context, warn, { insecure: domains, onRequest, credentials });
  }
}
