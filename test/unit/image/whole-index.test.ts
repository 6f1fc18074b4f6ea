import { describe, expect, it } from 'vitest';
import { hostPlatform } from '../../../src/image/platform.ts';
import { allEntries, blobsOfIndex, imageFor, imageOfIndex } from '../../../src/image/whole-index.ts';
import { MediaType } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { Documents } from '../../helpers/index-documents.ts';

const arm64 = { os: 'linux', architecture: 'arm64' };
/** What this machine is not. */
const foreign = hostPlatform().architecture === 's390x' ? 'arm64' : 's390x';

describe('an index with all that is in it', () => {
  it('has images, attestations, artifacts and other indexes, in its order', async () => {
    const documents = new Documents();
    const [amd, arm] = [documents.image('amd64', 'base', 'amd'), documents.image('arm64', 'base', 'arm')];
    const inner = documents.index(arm.descriptor);
    const [attestation, artifact] = [documents.attestation('true'), documents.artifact('bill')];
    const whole = await documents.whole(documents.index(inner, amd.descriptor, attestation, artifact));
    expect(whole.entries.map(({ kind }) => kind)).toEqual(['index', 'image', 'attestation', 'other']);
    expect(whole.entries[0]?.index?.entries[0]?.image).toEqual(arm.image);
    expect(allEntries(whole).map(({ descriptor }) => descriptor.digest)).toEqual(
      [arm.descriptor, inner, amd.descriptor, attestation, artifact].map(({ digest }) => digest),
    );
    const texts = ['base', 'arm', 'amd', 'true', 'unknown', 'bill', '{}'].map(digestOf);
    expect(new Set(blobsOfIndex(whole).map(({ digest }) => digest))).toEqual(
      new Set([...texts, amd.image.config.digest, arm.image.config.digest]),
    );
  });

  it('asks for each document once, however often it is listed', async () => {
    const documents = new Documents();
    const { descriptor } = documents.image('amd64', 'base');
    const inner = documents.index(descriptor, descriptor);
    const whole = await documents.whole(documents.index(inner, descriptor, inner));
    expect(allEntries(whole)).toHaveLength(2);
    expect(documents.asked).toHaveLength(3);
  });

  it('leaves out the layers that no registry may have', async () => {
    const documents = new Documents();
    const config = documents.add(MediaType.ociConfig, {
      rootfs: { type: 'layers', diff_ids: [digestOf('x')] },
    });
    const layer = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      digest: digestOf('x'),
      size: 1,
    };
    const manifest = documents.add(MediaType.ociManifest, { schemaVersion: 2, config, layers: [layer] });
    expect(blobsOfIndex(await documents.whole(documents.index(manifest)))).toEqual([config]);
  });

  it('is refused when it is too high, too broad, or lists what is no manifest', async () => {
    const documents = new Documents();
    const { descriptor } = documents.image('amd64');
    let tower = documents.index(descriptor);
    for (let level = 0; level < 7; level++) tower = documents.index(tower);
    expect(allEntries(await documents.whole(tower))).toHaveLength(8);
    const broad = documents.index(...Array.from({ length: 999 }, () => descriptor));
    expect(allEntries(await documents.whole(broad))).toHaveLength(1);
    const layer = { mediaType: MediaType.ociLayer, digest: digestOf('x'), size: 1 };
    for (const [index, message] of [
      [documents.index(tower), 'more than 8 levels'],
      [documents.index(broad, descriptor), 'more than 1000 manifests'],
      [documents.index(layer), MediaType.ociLayer],
      [documents.index({ ...descriptor, size: 1 << 27 }), 'more than 67108864 bytes'],
    ] as const)
      await expect(documents.whole(index)).rejects.toMatchObject({
        kind: 'unsupported',
        message: expect.stringContaining(message),
      });
  });

  it('is refused when a document is not what its descriptor says', async () => {
    const documents = new Documents();
    const { descriptor } = documents.image('amd64');
    const inner = documents.index(descriptor);
    for (const entry of [
      { ...descriptor, size: descriptor.size + 1 },
      { ...inner, mediaType: MediaType.ociManifest },
      { ...descriptor, mediaType: MediaType.ociIndex },
    ])
      await expect(documents.whole(documents.index(entry))).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('the image of a whole index', () => {
  it('is that for a platform, also of an index inside', async () => {
    const documents = new Documents();
    const [amd, arm] = [documents.image('amd64'), documents.image('arm64')];
    const whole = await documents.whole(documents.index(amd.descriptor, documents.index(arm.descriptor)));
    expect(await imageFor(whole, arm64)).toEqual(arm.image);
    await expect(imageFor(whole, { os: 'linux', architecture: 'riscv64' })).rejects.toMatchObject({
      kind: 'notFound',
      message: expect.stringContaining('linux/amd64, linux/arm64'),
    });
  });

  it('is never an attestation or an artifact', async () => {
    const documents = new Documents();
    const whole = await documents.whole(
      documents.index(documents.attestation('true'), documents.artifact('bill')),
    );
    await expect(imageOfIndex(whole, undefined)).rejects.toMatchObject({ kind: 'unsupported' });
  });

  it('is the first where there is none for this machine, unless a platform was asked for', async () => {
    const documents = new Documents();
    const [one, other] = [documents.image(foreign, 'one'), documents.image('ppc64le', 'other')];
    const whole = await documents.whole(documents.index(one.descriptor, other.descriptor));
    expect(await imageOfIndex(whole, undefined)).toEqual(one.image);
    await expect(imageOfIndex(whole, hostPlatform())).rejects.toMatchObject({ kind: 'notFound' });
  });
});
