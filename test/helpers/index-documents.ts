import { composeImage, type Image, type ImageDocument, readManifest } from '../../src/image/image.ts';
import { type IndexSource, readWholeIndex, type WholeIndex } from '../../src/image/whole-index.ts';
import { type Descriptor, MediaType } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Index } from '../../src/oci/manifest.ts';

/** Documents in memory, as a registry would have them. */
export class Documents implements IndexSource {
  readonly #bytes = new Map<string, Uint8Array>();
  /** The digests of those that were asked for. */
  readonly asked: string[] = [];

  add(mediaType: string, content: Uint8Array | object): Descriptor {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    this.#bytes.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** An image of layers that are no more than their names. */
  image(architecture: string, ...layers: string[]): { image: Image; descriptor: Descriptor } {
    const image = composeImage({
      config: { architecture, os: 'linux', config: {}, history: [] },
      layers: layers.map((text) => ({
        descriptor: { mediaType: MediaType.ociLayer, digest: digestOf(text), size: text.length },
        diffID: digestOf(text),
      })),
    });
    this.add(MediaType.ociConfig, image.config.bytes);
    const descriptor = this.add(MediaType.ociManifest, image.manifest.bytes);
    return { image, descriptor: { ...descriptor, platform: { os: 'linux', architecture } } };
  }

  /** A manifest of something else. */
  artifact(text: string): Descriptor {
    const layer = { mediaType: 'text/plain', digest: digestOf(text), size: text.length };
    const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 };
    return this.add(MediaType.ociManifest, {
      schemaVersion: 2,
      artifactType: 'application/vnd.example',
      config,
      layers: [layer],
    });
  }

  /** What BuildKit attests of an image. */
  attestation(text: string): Descriptor {
    const layer = { mediaType: 'application/vnd.in-toto+json', digest: digestOf(text), size: text.length };
    const config = { mediaType: MediaType.ociConfig, digest: digestOf('unknown'), size: 7 };
    return {
      ...this.add(MediaType.ociManifest, { schemaVersion: 2, config, layers: [layer] }),
      platform: { os: 'unknown', architecture: 'unknown' },
    };
  }

  index(...manifests: object[]): Descriptor {
    return this.add(MediaType.ociIndex, { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests });
  }

  parsed({ digest, mediaType }: Descriptor): ImageDocument<Index> {
    return readManifest(this.#found(digest), mediaType) as ImageDocument<Index>;
  }

  async whole(index: Descriptor): Promise<WholeIndex> {
    return await readWholeIndex(this.parsed(index), this);
  }

  async document({ digest }: Descriptor): Promise<Uint8Array> {
    this.asked.push(digest);
    return this.#found(digest);
  }

  config = this.document;

  #found(digest: string): Uint8Array {
    const bytes = this.#bytes.get(digest);
    if (bytes === undefined) throw new Error(`nobody has ${digest}`);
    return bytes;
  }
}
