import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type IgnoreRules, parseIgnore } from '../../build/context/ignore.ts';
import type { Source } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import type { ImageLayer } from '../../image/image.ts';
import { layerDirectories } from '../store/layer-directories.ts';
import type { Build, BuildParts } from './build.ts';
import { type DockerfileText, readForeignIgnore, readIgnore } from './dockerfile-text.ts';
import { layersTree, type SourceTree } from './tree.ts';

/** What files are taken from: a directory of the host, as far as nothing ignores it, or layers. */
export type SourceFiles =
  | { kind: 'directory'; name: string; path: string; ignore: IgnoreRules | undefined }
  | { kind: 'layers'; name: string; layers: readonly ImageLayer[] };

/**
 * Finds what a COPY, an ADD or a mount takes files from, when it is complete. Throws `notFound` for a context that nobody
 * has named.
 */
export async function sourceFiles(build: Build, source: Source): Promise<SourceFiles> {
  const { files, options, plan } = build.parts;
  switch (source.kind) {
    case 'scratch':
      return { kind: 'layers', name: 'scratch', layers: [] };
    case 'stage': {
      const { name, index } = plan.stages[source.index] ?? { name: undefined, index: source.index };
      const { layers } = await build.stage(source.index);
      return { kind: 'layers', name: `stage "${name ?? index}"`, layers };
    }
    case 'image':
      return await imageFiles(build, source.reference);
    case 'context': {
      if (source.name === undefined)
        return directoryFiles('the build context', files.directory, files.ignore);
      const named = options.contexts?.get(source.name);
      if (named === undefined) throw noContext(source.name);
      if (named.kind === 'image') return await imageFiles(build, named.reference);
      const called = `context "${source.name}"`;
      if (named.kind === 'directory') return directoryFiles(called, named.path, readIgnore(named.path));
      const { namedFiles } = await import('./named-files.ts');
      const path = await namedFiles(build, source.name, named);
      return directoryFiles(called, path, readForeignIgnore(path));
    }
  }
}

async function imageFiles(build: Build, reference: string): Promise<SourceFiles> {
  const { name, layers } = await build.image(reference, build.parts.platform, '[context] FROM');
  return { kind: 'layers', name: `image ${name}`, layers };
}

function directoryFiles(name: string, path: string, ignore: DockerfileText | undefined): SourceFiles {
  return { kind: 'directory', name, path, ignore: ignore && parseIgnore(ignore.text, ignore.name) };
}

function noContext(name: string): EngineError {
  return new EngineError('notFound', `there is no context called "${name}"`, {
    subject: name,
    hint: `name it with --build-context ${name}=PATH`,
  });
}

/** The same as the helper's verbs take it. */
export async function sourceTree(build: Build, source: Source): Promise<SourceTree> {
  const found = await sourceFiles(build, source);
  const { name } = found;
  if (found.kind === 'directory')
    return { name, root: `dir:${found.path}`, ignore: found.ignore, keepsOwners: false };
  await build.have(found.layers);
  return { name, root: layersRoot(build.parts, found.layers), keepsOwners: true };
}

/** Where layers are, and room for what is half done. */
type LayerParts = Pick<BuildParts, 'context' | 'work'>;

/** The tree of layers, for those who read it. */
export function layersRoot(parts: LayerParts, layers: readonly ImageLayer[]): string {
  const directories = directoriesOf(parts, layers);
  return directories.length === 0
    ? `dir:${emptyDirectory(parts)}`
    : layersTree(directories, parts.work.directory());
}

/** The directories of layers, topmost first. */
export function directoriesOf({ context }: LayerParts, layers: readonly ImageLayer[]): string[] {
  return layerDirectories(
    context,
    layers.map(({ chainID }) => chainID),
    undefined,
  );
}

export function emptyDirectory({ work }: Pick<LayerParts, 'work'>): string {
  const path = join(work.directory(), 'empty');
  mkdirSync(path, { mode: 0o755 });
  return path;
}
