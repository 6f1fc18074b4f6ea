import { changeConfig } from '../../build/stages/change-config.ts';
import { EngineError } from '../../errors.ts';
import { composeImage } from '../../image/image.ts';
import { hostPlatform } from '../../image/platform.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { anyCompressionOf, peek } from '../../storage/layer/decompress.ts';
import { decompressByProgram } from '../../storage/layer/decompress-program.ts';
import type { LayerContent } from '../../storage/layer/unpack.ts';
import { appendImageEvent } from '../events/image.ts';
import { intake } from '../images/intake.ts';
import { imageNameOf, noteTag } from '../images/name.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { noteLayerSize } from '../store/layer-sizes.ts';
import { inWorkspace, type Workspace } from '../store/workspace.ts';

/** How an image is made of an archive. */
export interface ImportOptions {
  /** What the archive is called, for messages and the image's history: a file, a URL, or `-`. */
  from: string;
  /** `REPOSITORY[:TAG]`; absent: the image has no name. */
  name?: string | undefined;
  message?: string | undefined;
  /** Instructions of a Dockerfile that make the image's config (`changeConfig`). */
  changes?: readonly string[] | undefined;
  /** Absent: this machine's. */
  platform?: Platform | undefined;
  signal?: AbortSignal | undefined;
  /** Hears, in sentences, of what the archive holds and the image does not. */
  remark?: ((sentence: string) => void) | undefined;
}

/**
 * Makes an image of one layer of a tar archive, plain or compressed with gzip, zstd, xz or bzip2. It is unpacked as a layer
 * that is pulled, and kept as its blob: its digest is that of the archive itself. Returns the image's id. Throws `invalid`
 * for a name or change that cannot be and for a malformed or hostile archive, `unsupported` when a program is missing that
 * decompresses it; errors of `source` as they are.
 */
export async function importArchive(
  context: Context,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<Digest> {
  const { changes = [], platform = hostPlatform(), from } = options;
  if (platform.os !== 'linux')
    throw new EngineError('unsupported', `images for ${platform.os} cannot be made here`, { subject: from });
  const name = imageNameOf(options.name);
  const config = changeConfig({}, changes);
  return await inWorkspace(context, async (workspace) => {
    const { descriptor, directory, content, publish } = await unpack(context, workspace, source, options);
    const { diffID, bytes } = content;
    const created = new Date().toISOString();
    const comment = options.message ?? `Imported from ${from}`;
    const image = composeImage({
      config: { created, ...platform, config, history: [{ created, comment }] },
      layers: [{ descriptor, diffID }],
    });
    using _lease = takeLease(context.database, [descriptor.digest, diffID]);
    await publish();
    workspace.layers.take(directory, diffID);
    noteLayerSize(context.database, diffID, bytes);
    const { image: row } = await intake(context, workspace, image, {
      names: name === undefined ? [] : [name.stored],
    });
    noteTag(context, row, name);
    appendImageEvent(context, 'import', { id: row.id, name: row.id, config: row.config });
    tellLeftOut(content, options);
    return row.id;
  });
}

/** An archive that is unpacked, and its blob, without names yet. */
interface Unpacked {
  descriptor: Descriptor;
  directory: string;
  content: LayerContent;
  publish(): Promise<void>;
}

async function unpack(
  { helper }: Context,
  { blobs, layers }: Workspace,
  source: AsyncIterable<Uint8Array>,
  { from, signal }: ImportOptions,
): Promise<Unpacked> {
  const { mediaType, stored } = await storedForm(source);
  const draft = await blobs.begin();
  try {
    const { directory, content } = await layers.unpackDraft(from, draft.keep(stored, from), {
      helper,
      signal,
    });
    return {
      descriptor: { mediaType, digest: draft.digest(), size: draft.size },
      directory,
      content,
      publish: async () => {
        await using published = draft;
        await published.publish();
      },
    };
  } catch (error) {
    await draft[Symbol.asyncDispose]();
    throw error;
  }
}

function tellLeftOut({ attributeLeftOut, whiteoutLeftOut }: LayerContent, { remark }: ImportOptions): void {
  if (whiteoutLeftOut !== undefined)
    remark?.(`${whiteoutLeftOut} was left out: in an image such a name says that another file is gone`);
  if (attributeLeftOut !== undefined)
    remark?.(`the store cannot hold the extended attribute ${attributeLeftOut}`);
}

const TYPES = { none: MediaType.ociLayer, gzip: MediaType.ociLayerGzip, zstd: MediaType.ociLayerZstd };

/** What of the archive is kept: images have no layers in xz and bzip2. */
async function storedForm(
  source: AsyncIterable<Uint8Array>,
): Promise<{ mediaType: string; stored: AsyncIterable<Uint8Array> }> {
  const { head, rest } = await peek(source);
  const compression = anyCompressionOf(head);
  if (compression === 'xz' || compression === 'bzip2')
    return { mediaType: TYPES.none, stored: decompressByProgram(compression, rest) };
  return { mediaType: TYPES[compression], stored: rest };
}
