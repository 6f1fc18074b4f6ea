import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressedLayer, type WantedCompression } from '../../../../src/engine/images/compressed-layer.ts';
import { takeLease } from '../../../../src/engine/store/blob-leases.ts';
import { discardUnreferenced } from '../../../../src/engine/store/garbage.ts';
import { inWorkspace } from '../../../../src/engine/store/workspace.ts';
import { type Descriptor, MediaType } from '../../../../src/oci/descriptor.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { useContext } from '../fixtures.ts';

const store = useContext();

const content = Buffer.from('what a layer has\n'.repeat(1000));
const diffID = digestOf(content);

const described = (mediaType: string, bytes: Buffer): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});
const plain = described(MediaType.ociLayer, content);

/** Brings a layer into another compression, and returns what it is called then, with its bytes. */
async function brought(wanted: WantedCompression, { own = true, blob = content, descriptor = plain } = {}) {
  const { context } = store;
  return await inWorkspace(context, async (workspace) => {
    using lease = takeLease(context.database, [diffID, descriptor.digest]);
    await workspace.blobs.put(blob);
    const layer = { descriptor, diffID, chainID: diffID, own };
    const made = await compressedLayer({ context, workspace, lease }, layer, wanted, undefined);
    return { ...made, bytes: await buffer(workspace.blobs.stream(made.digest)) };
  });
}

describe('the compression of a layer', () => {
  it('that was made here is the one that is wanted, whatever was made of it before', async () => {
    const usual = await brought({ kind: 'gzip' });
    expect([usual.mediaType, gunzipSync(usual.bytes).equals(content)]).toEqual([
      MediaType.ociLayerGzip,
      true,
    ]);
    const small = await brought({ kind: 'zstd', level: 19 });
    expect([small.mediaType, zstdDecompressSync(small.bytes).equals(content)]).toEqual([
      MediaType.ociLayerZstd,
      true,
    ]);
    expect((await brought({ kind: 'none' })).digest).toBe(diffID);
    expect((await brought({ kind: 'gzip', level: 1 })).digest).not.toBe(usual.digest);
    expect((await brought({ kind: 'gzip' })).digest).toBe(usual.digest);
    // As a manifest that names it says.
    expect((await brought({ kind: 'gzip' }, { own: false })).digest).toBe(diffID);
    discardUnreferenced(store.context);
    expect((await brought({ kind: 'gzip' })).digest).toBe(usual.digest);
  });

  it('that has come with a blob stays, unless all are to have another one', async () => {
    const blob = gzipSync(content, { level: 2 });
    const base = { own: false, blob, descriptor: described(MediaType.dockerLayerGzip, blob) };
    for (const wanted of [{ kind: 'zstd' }, { kind: 'gzip', level: 9, all: true }] as const)
      expect((await brought(wanted, base)).digest).toBe(digestOf(blob));
    const { mediaType, bytes } = await brought({ kind: 'zstd', all: true }, base);
    expect([mediaType, zstdDecompressSync(bytes).equals(content)]).toEqual([MediaType.ociLayerZstd, true]);
    expect((await brought({ kind: 'none', all: true }, base)).digest).toBe(diffID);
  });
});
