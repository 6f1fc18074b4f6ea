import { describe, expect, it } from 'vitest';
import { Images } from '../../../src/engine/images.ts';
import { saveImage } from '../../../src/engine/store/images.ts';
import { composeImage } from '../../../src/image/image.ts';
import { useContext } from './fixtures.ts';

const store = useContext();
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

/** An image without layers for amd64, called `app`. */
function images(): Images {
  const { config, manifest } = composeImage({ config: { ...amd64, config: {}, history: [] }, layers: [] });
  const text = Buffer.from(config.bytes).toString();
  saveImage(
    store.context.database,
    { id: config.digest, config: text, layers: [], size: 0, createdAt: 1 },
    {
      digest: manifest.digest,
      imageId: config.digest,
      mediaType: manifest.mediaType,
      body: Buffer.from(manifest.bytes).toString(),
      indexDigest: undefined,
    },
    ['docker.io/library/app:latest'],
  );
  return new Images(store.context);
}

describe('an image that is looked for', () => {
  it('is found by its name, for any platform or for its own', async () => {
    const found = { name: 'docker.io/library/app:latest' };
    expect(await images().find('app')).toMatchObject(found);
    expect(await images().find('app', amd64)).toMatchObject(found);
    expect(await images().lookUp('app', amd64)).toMatchObject(found);
  });

  it('is named when it is not here, with what can be done', async () => {
    expect(await images().lookUp('other:1')).toBeUndefined();
    await expect(images().find('other:1')).rejects.toMatchObject({
      kind: 'notFound',
      message: 'no such image: other:1',
      remedy: 'fetch it with skiff pull other:1',
      subject: 'other:1',
    });
  });

  it('is said to be for another platform when it is', async () => {
    expect(await images().lookUp('app', arm64)).toBeUndefined();
    await expect(images().find('app', arm64)).rejects.toMatchObject({
      kind: 'notFound',
      message: 'image app is for linux/amd64, not for linux/arm64',
    });
  });
});
