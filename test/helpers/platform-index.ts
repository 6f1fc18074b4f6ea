import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MediaType } from '../../src/oci/descriptor.ts';
import { sha256 } from './oci-layout.ts';

interface Described {
  mediaType: string;
  digest: string;
  size: number;
}

/** An index of images for several platforms, with what else such indexes have. */
export interface PlatformIndex {
  /** An OCI layout in which it is called `multi`. */
  layout: string;
  /** Of the index. */
  digest: string;
  /** By platforms, and `attestation`, `artifact`, `inner`, the index inside it, which has the one for s390x. */
  entries: Record<string, Described>;
  /** All that the index names, itself the last: in an order in which registries take it. */
  documents: Described[];
  blobs: Described[];
}

/**
 * Writes a layout with an index: images for amd64, arm64 and arm/v7 of a layer of their own on top of a common one, what
 * somebody attests of the first, an artifact, and an index with an image for s390x, unless it is to be flat.
 */
export function writePlatformIndex(
  layout: string,
  layersOf: (architecture: string) => readonly Buffer[],
  { isFlat = false } = {},
): PlatformIndex {
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const [blobs, documents] = [new Map<string, Described>(), new Map<string, Described>()];
  const write = (into: Map<string, Described>, mediaType: string, content: Buffer | object): Described => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const described = { mediaType, digest: sha256(bytes), size: bytes.length };
    writeFileSync(join(layout, 'blobs/sha256', described.digest.slice(7)), bytes);
    into.set(described.digest, described);
    return described;
  };
  const manifest = (config: Described, layers: Described[], more = {}) =>
    write(documents, MediaType.ociManifest, {
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      ...more,
      config,
      layers,
    });
  const image = (architecture: string, variant?: string): Described => {
    const layers = layersOf(architecture);
    const rootfs = { type: 'layers', diff_ids: layers.map(sha256) };
    const config = { architecture, os: 'linux', variant, config: { Cmd: ['sh'] }, rootfs };
    return manifest(
      write(blobs, MediaType.ociConfig, config),
      layers.map((layer) => write(blobs, MediaType.ociLayerGzip, gzipSync(layer))),
    );
  };
  const index = (manifests: (object | undefined)[]): Described =>
    write(documents, MediaType.ociIndex, { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests });
  const platform = (architecture: string, variant?: string) => ({ os: 'linux', architecture, variant });

  const entries: Record<string, Described> = {
    'linux/amd64': image('amd64'),
    'linux/arm64': image('arm64'),
    'linux/arm/v7': image('arm', 'v7'),
  };
  const statement = write(blobs, 'application/vnd.in-toto+json', {
    predicateType: 'https://slsa.dev/provenance/v1',
  });
  const rootfs = { type: 'layers', diff_ids: [statement.digest] };
  entries['attestation'] = manifest(
    write(blobs, MediaType.ociConfig, { architecture: 'unknown', os: 'unknown', config: {}, rootfs }),
    [statement],
  );
  entries['artifact'] = manifest(
    write(blobs, 'application/vnd.oci.empty.v1+json', {}),
    [write(blobs, 'text/plain', Buffer.from('what is in it'))],
    { artifactType: 'application/vnd.example.bill' },
  );
  if (!isFlat) {
    entries['linux/s390x'] = image('s390x');
    entries['inner'] = index([{ ...entries['linux/s390x'], platform: platform('s390x') }]);
  }
  const top = index([
    { ...entries['linux/amd64'], platform: platform('amd64') },
    { ...entries['linux/arm64'], platform: platform('arm64') },
    { ...entries['linux/arm/v7'], platform: platform('arm', 'v7') },
    {
      ...entries['attestation'],
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': entries['linux/amd64']?.digest,
      },
    },
    entries['artifact'],
    ...(isFlat ? [] : [entries['inner']]),
  ]);
  const annotations = { 'org.opencontainers.image.ref.name': 'multi' };
  const file = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [{ ...top, annotations }] };
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(layout, 'index.json'), JSON.stringify(file));
  return {
    layout,
    digest: top.digest,
    entries,
    documents: [...documents.values()],
    blobs: [...blobs.values()],
  };
}

/** Puts the index into a repository of a registry, byte by byte, under a tag. */
export async function uploadIndex(
  { layout, digest, blobs, documents }: PlatformIndex,
  { host, name, tag }: { host: string; name: string; tag: string },
): Promise<void> {
  const base = `http://${host}/v2/${name}`;
  const bytes = (each: Described) => readFileSync(join(layout, 'blobs/sha256', each.digest.slice(7)));
  const send = async (url: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(url, init);
    if (!response.ok) throw new Error(`${init.method} ${url}: ${response.status} ${await response.text()}`);
    return response;
  };
  for (const blob of blobs) {
    const begun = await send(`${base}/blobs/uploads/`, { method: 'POST' });
    const url = new URL(begun.headers.get('location') ?? '', base);
    url.searchParams.set('digest', blob.digest);
    await send(url.href, { method: 'PUT', body: bytes(blob) });
  }
  for (const document of documents) {
    const names = document.digest === digest ? [document.digest, tag] : [document.digest];
    for (const each of names)
      await send(`${base}/manifests/${each}`, {
        method: 'PUT',
        body: bytes(document),
        headers: { 'content-type': document.mediaType },
      });
  }
}
