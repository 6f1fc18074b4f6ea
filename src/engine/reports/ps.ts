import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { type ImageConfig, parseImageConfig } from '../../oci/image-config.ts';
import { imageManifest } from '../inspect/descriptor.ts';
import { LeaseView } from '../leases/view.ts';
import { withPaused } from '../lifecycle/pause.ts';
import { exposedPortNames } from '../options/exposed-ports.ts';
import type { FilterArgs } from '../options/filters.ts';
import { type Observed, observe } from '../state/observe.ts';
import { type PsState, psState } from '../state/shown-state.ts';
import type { ContainerSize } from '../state/size.ts';
import { allContainers, type ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ImageRow, imageById } from '../store/images.ts';
import { type ContainerFilters, containerFilters, imageNamed } from './ps-filters.ts';
import { type ListedNetworking, listedNetworking } from './ps-networking.ts';

/** Chooses the containers that are listed. What is absent leaves nothing out. */
export interface ListRequest {
  /** Whether containers that do not run are listed, too. */
  all: boolean;
  /** The newest so many, whatever they are doing. */
  limit?: number | undefined;
  filters?: FilterArgs | undefined;
  /** Whether their sizes on disk are told, too. */
  size?: boolean | undefined;
}

/** A container as lists show it. */
export interface ListedContainer extends Observed {
  state: PsState;
  /** The image by the name that it was created with, or by its id, once that name means another one. */
  readonly image: string;
  /** The image's and its own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly networking: ListedNetworking;
  /** The manifest of its image, as Docker describes it; undefined where there is none. */
  readonly imageManifest: object | undefined;
  /** The directories of its volumes, by where they are in it. */
  readonly volumeSources: ReadonlyMap<string, string>;
  size?: ContainerSize | undefined;
}

/**
 * Lists containers, newest first. Only those whose row fits are looked at, and those that are known to have ended cost
 * nothing more. Throws as `containerFilters`.
 */
export async function listContainers(context: Context, request: ListRequest): Promise<ListedContainer[]> {
  const filters = containerFilters(context, request.filters ?? new Map());
  const images = new ImagesOfContainers(context);
  const view = new LeaseView(context.database);
  const rows = filters.range(allContainers(context.database));
  const observed: Observed[] = [];
  for (const row of rows) {
    if (!filters.fits(candidate(row, images))) continue;
    const one = await observe(context, row);
    if (one !== undefined) observed.push(one);
  }
  const listed = choose(context, withPaused(observed), { request, filters, view }).map(
    ({ one, state }) => new Listed(context, one, { state, images, view }),
  );
  if (request.size === true) await measure(context, listed, images);
  if (listed.some(({ row }) => publishes(row)))
    await (await import('../networks/damage.ts')).repairIfDamaged(context);
  return listed;
}

/** Whether a container publishes ports: they are shown, so their networks are repaired first. */
function publishes({ options: { network } }: ContainerRow): boolean {
  return network?.publishAll === true || (network?.publish ?? []).length > 0;
}

async function measure(
  context: Context,
  listed: readonly Listed[],
  images: ImagesOfContainers,
): Promise<void> {
  const { baseSize, ownSizes } = await import('../state/size.ts');
  const sizes = await ownSizes(
    context,
    listed.map(({ row }) => row),
  );
  for (const [index, one] of listed.entries()) {
    const own = sizes[index] ?? 0;
    const below = await baseSize(context, one.row, images.of(one.row)?.image);
    one.size = { own, total: own + below };
  }
}

function choose(
  context: Context,
  observed: readonly Observed[],
  { request, filters, view }: { request: ListRequest; filters: ContainerFilters; view: LeaseView },
): { one: Observed; state: PsState }[] {
  const { all, limit = 0 } = request;
  const chosen: { one: Observed; state: PsState }[] = [];
  for (const one of observed) {
    if (limit > 0 && chosen.length === limit) break;
    const state = psState(context, one);
    if (!state.active && !all && limit <= 0 && !filters.wantsAll) continue;
    if (!filters.fitsState(state, state.health?.status ?? 'none')) continue;
    if (filters.fitsNetworking(() => listedNetworking(context, one, view))) chosen.push({ one, state });
  }
  return chosen;
}

function candidate(row: ContainerRow, images: ImagesOfContainers) {
  return {
    row,
    labels: () => images.labels(row),
    exposedPorts: () => exposedPortNames(row.options, images.of(row)?.config),
  };
}

/** Labels, networks and the image's name are looked up when somebody asks for them: most lists show no labels. */
class Listed implements ListedContainer {
  readonly row: ContainerRow;
  readonly status: Observed['status'];
  readonly state: PsState;
  size: ContainerSize | undefined;
  readonly #context: Context;
  readonly #images: ImagesOfContainers;
  readonly #view: LeaseView;
  #networking: ListedNetworking | undefined;

  constructor(
    context: Context,
    { row, status }: Observed,
    { state, images, view }: { state: PsState; images: ImagesOfContainers; view: LeaseView },
  ) {
    this.#context = context;
    this.row = row;
    this.status = status;
    this.state = state;
    this.#images = images;
    this.#view = view;
  }

  get image(): string {
    return this.#images.name(this.row);
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#images.labels(this.row);
  }

  get networking(): ListedNetworking {
    this.#networking ??= listedNetworking(this.#context, this, this.#view);
    return this.#networking;
  }

  get imageManifest(): object | undefined {
    return this.#images.manifest(this.row);
  }

  get volumeSources(): ReadonlyMap<string, string> {
    const { mounts = [] } = this.row.options;
    return new Map(
      mounts.flatMap((mount) =>
        mount.type === 'volume' && mount.name !== undefined
          ? [[mount.target, join(this.#context.paths.volumes, mount.name)]]
          : [],
      ),
    );
  }
}

/** The images that containers were made from, each looked up once. */
class ImagesOfContainers {
  readonly #context: Context;
  readonly #images = new Map<string, { image: ImageRow; config: ImageConfig } | undefined>();
  readonly #manifests = new Map<string, object | undefined>();
  readonly #meant = new Map<string, string | undefined>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Returns a container's image and its config; undefined when the image was removed by force. */
  of({ imageId }: ContainerRow): { image: ImageRow; config: ImageConfig } | undefined {
    if (this.#images.has(imageId)) return this.#images.get(imageId);
    const image = imageById(this.#context.database, imageId);
    const found = image && { image, config: parseImageConfig(Buffer.from(image.config)) };
    this.#images.set(imageId, found);
    return found;
  }

  labels(row: ContainerRow): Readonly<Record<string, string>> {
    return { ...this.of(row)?.config.config.Labels, ...row.options.labels };
  }

  manifest(row: ContainerRow): object | undefined {
    const { imageId } = row;
    if (!this.#manifests.has(imageId)) {
      const config = this.of(row)?.config;
      this.#manifests.set(imageId, config && imageManifest(this.#context, imageId, config));
    }
    return this.#manifests.get(imageId);
  }

  name({ imageName, imageId }: ContainerRow): string {
    if (imageId === '') return imageName;
    if (!this.#meant.has(imageName)) this.#meant.set(imageName, this.#idOf(imageName));
    return this.#meant.get(imageName) === imageId ? imageName : imageId;
  }

  #idOf(name: string): string | undefined {
    try {
      return imageNamed(this.#context.database, name)?.id;
    } catch (error) {
      if (error instanceof EngineError && error.kind === 'conflict') return undefined;
      throw error;
    }
  }
}
