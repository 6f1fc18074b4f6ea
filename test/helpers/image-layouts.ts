import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LONG } from './long.ts';
import { type LayoutImage, readLayout, writeLayout } from './oci-layout.ts';
import { busybox } from './recipes/busybox.ts';
import { debian } from './recipes/debian.ts';
import { layers10 } from './recipes/layers10.ts';
import { postgresql } from './recipes/postgresql.ts';
import type { Recipe } from './recipes/recipe.ts';
import { special } from './recipes/special.ts';
import { toolchains } from './recipes/toolchains.ts';
import type { TestRegistry } from './registry.ts';

interface Variant extends Pick<LayoutImage, 'compression' | 'architectures'> {
  /** The file below `recipes/`: a change of its text makes the image anew. */
  recipe: string;
  make: () => Recipe;
  /** Takes minutes to make: only tests with SKIFF_TEST_LONG use it. */
  long?: true;
}

const IMAGES = {
  busybox: { recipe: 'busybox', make: busybox },
  debian: { recipe: 'debian', make: debian },
  layers10: { recipe: 'layers10', make: () => layers10() },
  'layers10-few': { recipe: 'layers10', make: () => layers10(7) },
  'layers10-few-zstd': {
    recipe: 'layers10',
    make: (): Recipe => readLayout(imageLayout('layers10-few')),
    compression: 'zstd',
  },
  multi: { recipe: 'busybox', make: busybox, architectures: ['amd64', 'arm64'] },
  postgresql: { recipe: 'postgresql', make: postgresql, compression: 'none', long: true },
  special: { recipe: 'special', make: special },
  toolchains: { recipe: 'toolchains', make: toolchains, compression: 'none', long: true },
} as const satisfies Record<string, Variant>;

/** The images that there are; see `recipes/`. */
export type ImageName = keyof typeof IMAGES;

/** Those that every run of the tests uses: the whole of `layers10` is for measurements. */
export const IMAGE_NAMES = (Object.keys(IMAGES) as ImageName[]).filter(
  (name) => name !== 'layers10' && (LONG || !('long' in IMAGES[name])),
);

const CACHE = join(import.meta.dirname, '../../build/test-images');
export const TAG = 'latest';

/**
 * The OCI layout of an image, tag `latest`: made on first use (needs root), kept below `build/test-images/`. Who comes
 * while somebody makes it waits.
 */
export function imageLayout(name: ImageName): string {
  const layout = layoutPath(name);
  if (existsSync(layout)) return layout;
  mkdirSync(CACHE, { recursive: true });
  const make = [process.execPath, join(import.meta.dirname, '../setup/make-images.ts'), name];
  execFileSync('flock', [join(CACHE, `.${name}.lock`), ...make], { stdio: ['ignore', 'inherit', 'inherit'] });
  return layout;
}

/** Makes the layout of an image unless it is there; whoever calls it holds the lock. */
export function makeLayout(name: ImageName): void {
  if (existsSync(layoutPath(name))) return;
  const { make, ...variant }: Variant = IMAGES[name];
  mkdirSync(imageDirectory(name), { recursive: true });
  const draft = mkdtempSync(join(imageDirectory(name), '.layout-'));
  try {
    writeLayout(draft, [{ tag: TAG, ...make(), ...variant }]);
    renameSync(draft, layoutPath(name));
  } catch (error) {
    rmSync(draft, { recursive: true });
    throw error;
  }
}

function layoutPath(name: ImageName): string {
  return join(imageDirectory(name), 'layout');
}

/**
 * Puts images into a registry, byte by byte as their layouts have them. Not with `registry.push`: that waits without
 * reading the registry's log meanwhile, and the log of a large image fills the pipe.
 */
export async function pushImages(
  registry: Pick<TestRegistry, 'host'>,
  names: readonly ImageName[],
): Promise<void> {
  for (const name of names) {
    const source = `oci:${imageLayout(name)}:${TAG}`;
    const options = ['--insecure-policy', 'copy', '--quiet', '--all', '--dest-tls-verify=false'];
    await promisify(execFile)('skopeo', [...options, source, `docker://${referenceOf(registry, name)}`]);
  }
}

/** Returns the reference of an image in a registry. */
export function referenceOf({ host }: Pick<TestRegistry, 'host'>, name: ImageName): string {
  return `${host}/${name}:${TAG}`;
}

/** Returns the directory for everything that is made of an image's recipe. */
export function imageDirectory(name: ImageName): string {
  const { recipe } = IMAGES[name];
  const sources = [`recipes/${recipe}.ts`, 'layer-tree.ts', 'oci-layout.ts'];
  return join(CACHE, `${name}-${versionOf(...sources)}`);
}

/** The first digits of the sha256 of some files beside this one. */
export function versionOf(...files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest('hex').slice(0, 12);
}
