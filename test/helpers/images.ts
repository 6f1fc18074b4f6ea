import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import {
  type ImageName,
  imageDirectory,
  imageLayout,
  pushImages,
  referenceOf,
  TAG,
  versionOf,
} from './image-layouts.ts';
import { startRegistry, type TestRegistry } from './registry.ts';
import { describeTree } from './tree.ts';

export type { ImageName } from './image-layouts.ts';

/** The tree that `umoci unpack` makes of an image, as `describeTree` writes it; kept beside the layout. */
export function umociTree(name: ImageName): string[] {
  // This umoci knows no zstd; the layers are the same either way.
  const readable = name === 'layers10-few-zstd' ? 'layers10-few' : name;
  const kept = join(imageDirectory(readable), `tree-${versionOf('tree.ts')}.json`);
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8'));
  const work = mkdtempSync(join(tmpdir(), 'umoci-'));
  try {
    const bundle = join(work, 'bundle');
    execFileSync('umoci', ['unpack', '--image', `${imageLayout(readable)}:${TAG}`, bundle], {
      stdio: 'pipe',
    });
    const tree = describeTree(join(bundle, 'rootfs'));
    const draft = `${kept}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(tree));
    renameSync(draft, kept);
    return tree;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A registry that holds some of the images. */
export interface ImageRegistry {
  /** `HOST:PORT` */
  readonly host: string;
  /** Returns the reference of an image: `HOST:PORT/NAME:latest`. */
  reference(name: ImageName): string;
}

/** Starts a registry with these images before the tests of a file, and ends it after them. */
export function useRegistry(...names: readonly ImageName[]): ImageRegistry {
  let registry: TestRegistry | undefined;
  const running = () => {
    if (registry === undefined) throw new Error('the registry runs only while tests do');
    return registry;
  };
  beforeAll(async () => {
    registry = await startRegistry();
    await pushImages(registry, names);
  }, 600_000);
  afterAll(() => registry?.stop());
  return {
    get host() {
      return running().host;
    },
    reference: (name) => referenceOf(running(), name),
  };
}
