import { EngineError } from '../../errors.ts';
import { type ImageLayer, readImage, readManifest } from '../../image/image.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import { digestOf } from '../../oci/digest.ts';
import { type Manifest, ociLayerType } from '../../oci/manifest.ts';
import { SILENT } from '../images/pull-progress.ts';
import { removeImage } from '../images/remove.ts';
import { isArchive } from '../images/stored-image.ts';
import { unpackLayers } from '../images/unpack-layers.ts';
import { usersOfImage } from '../images/users.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import {
  allImages,
  familiarName,
  forgetIndex,
  type ImageRow,
  layersWith,
  type ManifestRow,
  manifestsOf,
  namesOf,
} from '../store/images.ts';
import { imagesInIndexes, indexRow } from '../store/indexes.ts';
import { trashOf } from '../store/trash.ts';
import { inWorkspace } from '../store/workspace.ts';
import { dropBlob, stateOfBlob } from './blobs.ts';
import { textFaults } from './documents.ts';
import { type Fault, UNREADABLE, wrong } from './fault.ts';
import { layerDirectory, stateOfLayer } from './layers.ts';

/** The manifests of all images with what they name. Call it in a transaction: then rows and files belong together. */
export function imageFaults(context: Context, damaged: ReadonlySet<string>): Fault[] {
  return allImages(context.database).flatMap((image) => {
    const rows = manifestsOf(context.database, image.id);
    const name = shownName(context, image);
    if (rows.length === 0)
      return [wrong(name, 'has no manifest', { remedy: `skiff rmi ${name}, and pull or load it again` })];
    return rows.flatMap((row) => manifestFaults({ context, image, name, damaged }, row));
  });
}

interface Looked {
  context: Context;
  image: ImageRow;
  name: string;
  damaged: ReadonlySet<string>;
}

function manifestFaults(looked: Looked, record: ManifestRow): Fault[] {
  const { image, name } = looked;
  let layers: readonly ImageLayer[];
  try {
    if (digestOf(record.body) !== record.digest || digestOf(image.config) !== image.id)
      throw new EngineError('invalid', UNREADABLE);
    const manifest = readManifest(Buffer.from(record.body), record.mediaType);
    layers = readImage(manifest as typeof manifest & { parsed: Manifest }, Buffer.from(image.config)).layers;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return [wrong(name, error.message, { remedy: `skiff rmi ${name}, and pull or load it again` })];
  }
  return [...documentFaults(looked, record), ...indexFaults(looked, record), ...layerFaults(looked, layers)];
}

/** Manifest and config: the rows have their texts, too. */
function documentFaults({ context, image, name, damaged }: Looked, record: ManifestRow): Fault[] {
  const documents = [
    { digest: record.digest, text: record.body, what: `its manifest ${record.digest}` },
    { digest: image.id, text: image.config, what: `its config ${image.id}` },
  ];
  return documents.flatMap((document) => textFaults(context, damaged, { name, ...document }));
}

/** Of one that is not kept whole nothing but the index itself has its text; the image is whole without it. */
function indexFaults(
  { context, name, damaged }: Looked,
  { digest, indexDigest: index }: ManifestRow,
): Fault[] {
  if (index === undefined || indexRow(context.database, index) !== undefined) return [];
  const state = stateOfBlob(context, { digest: index }, damaged);
  if (state === 'there') return [];
  const mend = async () => {
    forgetIndex(context.database, digest);
    await dropBlob(context, index);
  };
  return [wrong(name, `the index ${index} that it was chosen from is ${state}`, { mend })];
}

function layerFaults(looked: Looked, layers: readonly ImageLayer[]): Fault[] {
  const { context, name, damaged } = looked;
  return layers.flatMap((layer) => {
    const { descriptor, chainID } = layer;
    const blob = stateOfBlob(context, descriptor, damaged);
    const drop = blob === 'damaged' ? () => dropBlob(context, descriptor.digest) : undefined;
    const state = stateOfLayer(context, chainID);
    if (state === 'there') {
      if (blob === 'damaged')
        return [wrong(name, `the blob ${descriptor.digest} of a layer is damaged`, { mend: drop })];
      if (blob === 'there' || isReadable(looked, layer)) return [];
      const detail = `its layer ${descriptor.digest} is here only unpacked: it runs, but cannot be saved or pushed`;
      return [{ topic: 'image', name, detail, state: 'limited' }];
    }
    const detail = `its layer ${chainID} is ${state}${blob === 'there' ? '' : `, and the blob of it is ${blob}`}`;
    if (blob === 'there')
      return [wrong(name, detail, { mend: async () => await unpackAgain(context, layers) })];
    return [wrong(name, detail, fetchedAgain(looked, drop))];
  });
}

/** Whether a layer without its blob can be given to others: as its tree, or as the blob of another image (`readStoredImage`). */
function isReadable({ context, damaged }: Looked, { descriptor, diffID }: ImageLayer): boolean {
  const isTree = ({ digest, mediaType }: Descriptor) =>
    isArchive(context) && digest === diffID && ociLayerType(mediaType) === MediaType.ociLayer;
  return [descriptor, ...layersWith(context.database, diffID)].some(
    (each) => isTree(each) || stateOfBlob(context, each, damaged) === 'there',
  );
}

async function unpackAgain(context: Context, layers: readonly ImageLayer[]): Promise<void> {
  const trash = trashOf(context);
  for (const { chainID } of layers)
    if (stateOfLayer(context, chainID) === 'no directory') trash.take(layerDirectory(context, chainID));
  await trash.empty();
  using _lease = takeLease(
    context.database,
    layers.flatMap(({ descriptor, chainID }) => [descriptor.digest, chainID]),
  );
  await inWorkspace(context, async ({ blobs, layers: store }) => {
    const open = (): never => {
      throw new EngineError('notFound', 'the blob is gone');
    };
    await unpackLayers(context, layers, {
      sources: { blobs, layers: store, open },
      progress: SILENT,
      signal: undefined,
    });
  });
}

/**
 * An image that a registry has, or that was unpacked from an index, is removed, so that it is fetched when it is wanted again.
 * One in use, or made here, stays.
 */
function fetchedAgain(
  { context, image, name }: Looked,
  drop: (() => Promise<void>) | undefined,
): Pick<Fault, 'mend' | 'remedy'> {
  const { digests } = namesOf(context.database, image.id);
  const [first] = usersOfImage(context, image.id);
  if (first !== undefined)
    return { mend: drop, remedy: `skiff pull ${name}; container ${first.row.name} needs it` };
  if (digests.length === 0 && !imagesInIndexes(context.database).has(image.id))
    return { mend: drop, remedy: `it is in no registry that is known: skiff load, or skiff rmi ${name}` };
  return { mend: async () => void (await removeImage(context, image.id, { force: true })) };
}

function shownName({ database }: Context, { id }: ImageRow): string {
  const { tags, digests } = namesOf(database, id);
  const [name] = [...tags, ...digests];
  return name === undefined ? id : familiarName(name);
}
