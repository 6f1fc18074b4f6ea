import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';

export interface LayoutImage {
  tag: string;
  /** Uncompressed tar archives, bottom first. */
  layers: readonly Uint8Array[];
  compression?: 'gzip' | 'zstd' | 'none';
  /** With more than one architecture the tag names an index of the same layers for each. */
  architectures?: readonly string[];
  config?: Record<string, unknown>;
}

interface Described {
  mediaType: string;
  digest: string;
  size: number;
}

const TYPE = 'application/vnd.oci.image';
const SUFFIX = { gzip: '+gzip', zstd: '+zstd', none: '' } as const;

/** Writes an OCI image layout (image-layout.md) with the given images, for skopeo to push. */
export function writeLayout(directory: string, images: readonly LayoutImage[]): void {
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
  const manifests = images.map((image) => ({
    ...writeImage(directory, image),
    annotations: { 'org.opencontainers.image.ref.name': image.tag },
  }));
  const index = { schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests };
  writeFileSync(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(directory, 'index.json'), JSON.stringify(index));
}

/** Reads the one image of a layout whose layers are gzipped: uncompressed, to be written in another way. */
export function readLayout(directory: string): { layers: Buffer[]; config: Record<string, unknown> } {
  const blob = ({ digest }: Described) =>
    readFileSync(join(directory, 'blobs/sha256', digest.slice('sha256:'.length)));
  const index: { manifests: [Described] } = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8'));
  const manifest: { layers: Described[]; config: Described } = JSON.parse(String(blob(index.manifests[0])));
  const { config } = JSON.parse(String(blob(manifest.config)));
  return { layers: manifest.layers.map((layer) => gunzipSync(blob(layer))), config };
}

/** A tar archive with one regular file, owned by root (ustar). */
export function tarWithFile(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(content.length, 12) + octal(0, 12), 100);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}

/** `sha256:…` of some bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function writeImage(directory: string, image: LayoutImage): Described {
  const { compression = 'gzip', architectures = ['amd64'] } = image;
  // What is packed once and unpacked a few times need not be small.
  const gzip = (bytes: Uint8Array) => gzipSync(bytes, { level: 1 });
  const pack = { gzip, zstd: zstdCompressSync, none: (bytes: Uint8Array) => bytes }[compression];
  const layers = image.layers.map((tar) => {
    const mediaType = `${TYPE}.layer.v1.tar${SUFFIX[compression]}`;
    return writeBlob(directory, mediaType, pack(tar));
  });
  const manifests = architectures.map((architecture) => {
    const rootfs = { type: 'layers', diff_ids: image.layers.map(sha256) };
    const config = { architecture, os: 'linux', config: image.config ?? {}, rootfs };
    const configBlob = writeBlob(directory, `${TYPE}.config.v1+json`, JSON.stringify(config));
    const mediaType = `${TYPE}.manifest.v1+json`;
    const manifest = { schemaVersion: 2, mediaType, config: configBlob, layers };
    return {
      ...writeBlob(directory, mediaType, JSON.stringify(manifest)),
      platform: { os: 'linux', architecture },
    };
  });
  const [only] = manifests;
  if (only !== undefined && manifests.length === 1) return only;
  const mediaType = `${TYPE}.index.v1+json`;
  return writeBlob(directory, mediaType, JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
}

function writeBlob(directory: string, mediaType: string, content: Uint8Array | string): Described {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const digest = sha256(bytes);
  writeFileSync(join(directory, 'blobs/sha256', digest.slice('sha256:'.length)), bytes);
  return { mediaType, digest, size: bytes.length };
}
