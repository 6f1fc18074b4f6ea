import { mkdirSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Context } from '../store/context.ts';
import type { Build } from './build.ts';
import type { BuiltStage } from './built-stage.ts';
import type { BuildOutput } from './options.ts';
import type { Tasks } from './progress.ts';
import { layersRoot } from './sources.ts';

/** Whether there has to be an image in the store, if only to be written elsewhere. */
export function needsImage(outputs: readonly BuildOutput[]): boolean {
  return outputs.some(({ kind }) => kind === 'image' || kind === 'archive');
}

/** Writes the files of a stage wherever they are wanted. */
export async function writeFiles(
  build: Build,
  stage: BuiltStage,
  outputs: readonly BuildOutput[],
): Promise<void> {
  const { context, tasks, signal } = build.parts;
  const root = (): string => layersRoot(build, stage.layers);
  for (const output of outputs) {
    if (output.kind === 'files') {
      await tasks.do('exporting to client directory', async () => {
        const { copyTree } = await import('../../storage/archive/copy.ts');
        makeDirectory(output.directory);
        await copyTree(
          context.helper,
          {
            from: { root: root(), path: '/' },
            to: { root: 'dir:/', path: output.directory },
            name: '.',
            owner: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
          },
          { signal },
        );
      });
    } else if (output.kind === 'tar') {
      await tasks.do('exporting to client tarball', async () => {
        const { archiveTree } = await import('../../storage/archive/read-tree.ts');
        await archiveTree(root(), output.descriptor, { helper: context.helper, signal });
      });
    }
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new EngineError('invalid', `cannot write to ${directory}: ${(cause as Error).message}`, {
      subject: directory,
      cause,
    });
  }
}

/** An image that was built, and what is to become of it. */
interface ArchivedImage {
  id: Digest;
  /** Canonical: under which it will be found in the archives. */
  names: readonly string[];
  outputs: readonly BuildOutput[];
  tasks: Tasks;
}

/** Writes an image into archives. */
export async function writeArchives(
  context: Context,
  { id, names, outputs, tasks }: ArchivedImage,
): Promise<void> {
  for (const output of outputs) {
    if (output.kind !== 'archive') continue;
    const { format, to } = output;
    await tasks.do(`exporting to ${format} image format`, async () => {
      const { saveImages } = await import('../images/save.ts');
      await saveImages(context, [id], { format, to, as: names });
    });
  }
}
