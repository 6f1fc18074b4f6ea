import { changeConfig } from '../../build/stages/change-config.ts';
import { EngineError } from '../../errors.ts';
import { composeImage, type Image, type ImageLayer } from '../../image/image.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ExecutionConfig, ImageConfig } from '../../oci/image-config.ts';
import { type ChangedLayers, type CopiedChanges, copyChanges } from '../../storage/archive/changes.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { intake } from '../images/intake.ts';
import { type ImageName, imageNameOf, noteTag } from '../images/name.ts';
import { imageOf } from '../images/stored-image.ts';
import { executionConfig } from '../options/execution-config.ts';
import { observe } from '../state/observe.ts';
import { takeLease } from '../store/blob-leases.ts';
import { type ContainerRow, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ImageRow, imageById } from '../store/images.ts';
import { inWorkspace, type Workspace } from '../store/workspace.ts';
import { changedLayers } from './changed-layers.ts';
import { withGiven } from './given-config.ts';
import { blobOfDraft, layerOfDraft } from './new-layer.ts';
import { whilePaused } from './pause.ts';

/** How an image is made of a container. */
export interface CommitOptions {
  /** `REPOSITORY[:TAG]`; absent: the image has no name. */
  name?: string | undefined;
  author?: string | undefined;
  message?: string | undefined;
  /** What the config of the image is to be, over that of the container (`withGiven`). */
  config?: ExecutionConfig | undefined;
  /** Instructions of a Dockerfile that change the image's config (`changeConfig`). */
  changes?: readonly string[] | undefined;
  /** Whether a container that runs is paused while its files are copied. */
  pause: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Makes an image of a container: the layers it stands on and one of what it has changed, if it has, and its configuration
 * with the changes. The container goes on as it was. Returns the image's id. Throws `invalid` for a name or a change that
 * cannot be, `notFound` when the container or the image it was made of is not there.
 */
export async function commitContainer(
  context: Context,
  row: ContainerRow,
  options: CommitOptions,
): Promise<Digest> {
  const { author, message, changes = [], pause, signal } = options;
  const name = imageNameOf(options.name);
  const base = baseOf(context, row);
  const ran = executionConfig(row.options, base.config);
  const config = changeConfig(options.config === undefined ? ran : withGiven(ran, options.config), changes);
  return await inWorkspace(context, async (workspace) => {
    // Whoever removes the container and its image meanwhile leaves the layers to us.
    using _below = takeLease(
      context.database,
      base.layers.map(({ chainID }) => chainID),
    );
    const newDraft = () => workspace.layers.draft();
    const changes = changedLayers(context, row);
    const { draft, changed } = await copyFiles(context, row, { changes, newDraft, pause, signal });
    const makeLayer = changes.since === undefined ? layerOfDraft : blobOfDraft;
    const copied = { draft, bytes: changed.bytes, below: base.layers.map(({ diffID }) => diffID) };
    const made = changed.entries === 0 ? undefined : await makeLayer(context, workspace, copied);
    const created = new Date().toISOString();
    const image = composeImage({
      config: {
        created,
        author,
        ...platformOf(base.config),
        config,
        history: [
          ...base.config.history,
          {
            created,
            created_by: (ran.Cmd ?? []).join(' '),
            author,
            comment: message,
            empty_layer: made === undefined ? true : undefined,
          },
        ],
      },
      layers: [...base.layers, ...(made === undefined ? [] : [made])],
    });
    if (made === undefined) return await enter(context, row, { workspace, image, name, message });
    using _lease = takeLease(context.database, [made.descriptor.digest, made.chainID]);
    await made.publish();
    return await enter(context, row, { workspace, image, name, message });
  });
}

/** What a container was made of, as far as an image of it needs that. */
interface Base {
  config: ImageConfig;
  layers: readonly ImageLayer[];
}

function baseOf({ database }: Context, row: ContainerRow): Base {
  if (row.options.rootfs !== undefined) throw hasNoImage(row);
  const found = imageById(database, row.imageId);
  if (found === undefined) throw imageIsGone(row);
  const { image } = imageOf(database, { image: found, name: undefined });
  return { config: image.config.parsed, layers: image.layers };
}

function hasNoImage({ name, options: { rootfs } }: ContainerRow): EngineError {
  return new EngineError(
    'unsupported',
    `container ${name} cannot become an image by its changes: it was made of a directory, ${rootfs?.directory}`,
    { subject: name, remedy: `make one of all its files: skiff export ${name} | skiff import - IMAGE` },
  );
}

function imageIsGone({ name, imageName }: ContainerRow): EngineError {
  return new EngineError(
    'notFound',
    `container ${name} cannot become an image: its own, ${imageName}, is gone`,
    {
      subject: imageName,
      remedy: `fetch it again (skiff pull ${imageName}), or keep the files with skiff export ${name}`,
    },
  );
}

function platformOf({
  architecture,
  os,
  variant,
}: ImageConfig): Pick<ImageConfig, 'architecture' | 'os' | 'variant'> {
  return { architecture, os, variant };
}

async function copyFiles(
  context: Context,
  row: ContainerRow,
  {
    changes,
    newDraft,
    pause,
    signal,
  }: {
    changes: ChangedLayers;
    newDraft: () => string;
    pause: boolean;
    signal: AbortSignal | undefined;
  },
): Promise<{ draft: string; changed: CopiedChanges }> {
  // Where the kernel shows no layer through id maps the owners of a container's files are the host's.
  const owners = row.idMaps?.idMapped === false ? row.idMaps : undefined;
  const copy = async () => {
    const draft = newDraft();
    const options = { helper: context.helper, signal };
    const to = { directory: draft, owners };
    return { draft, changed: await copyChanges(changes, to, options) };
  };
  if ((await observe(context, row)) === undefined) throw noSuchContainer(context.database, row.name);
  const copied = pause ? await whilePaused(context, row, copy) : await copy();
  // Of one that was removed meanwhile some of it was missing.
  if (containerById(context.database, row.id) === undefined)
    throw noSuchContainer(context.database, row.name);
  return copied;
}

async function enter(
  context: Context,
  row: ContainerRow,
  {
    workspace,
    image,
    name,
    message = '',
  }: {
    workspace: Workspace;
    image: Image;
    name: ImageName | undefined;
    message: string | undefined;
  },
): Promise<Digest> {
  const taken: { image: ImageRow } = await intake(context, workspace, image, {
    names: name === undefined ? [] : [name.stored],
  });
  const { id } = taken.image;
  noteTag(context, taken.image, name);
  const about = { comment: message, imageID: id, imageRef: name?.familiar ?? '' };
  appendContainerEvent(context, row, 'commit', about);
  return id;
}
