import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { formatPlatform } from '../../image/platform.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Build, BuildParts } from './build.ts';
import type { BuiltStage } from './built-stage.ts';
import type { BuildOutput } from './options.ts';
import { layersRoot } from './sources.ts';

/** What was built for a platform. */
export interface PlatformStage {
  build: Build;
  stage: BuiltStage;
  platform: Platform;
}

type OutputParts = Pick<BuildParts, 'context' | 'work' | 'tasks' | 'signal'>;

/** Writes the files of stages wherever they are wanted: those of several platforms each in a directory called as `linux_arm64`. */
export async function writeFiles(
  parts: OutputParts,
  stages: readonly PlatformStage[],
  outputs: readonly BuildOutput[],
): Promise<void> {
  const { context, tasks, work, signal } = parts;
  for (const output of outputs) {
    if (output.kind === 'files') {
      await tasks.do('exporting to client directory', async () => {
        const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
        const directory = 'take' in output ? work.directory() : output.directory;
        await copyStages(parts, stages, { directory, owner });
        if ('take' in output) await output.take(directory);
      });
    } else if (output.kind === 'tar') {
      await tasks.do('exporting to client tarball', async () => {
        const { archiveTree, wholeTree } = await import('../../storage/archive/read-tree.ts');
        const root = await rootOf(parts, stages);
        const reading = { helper: context.helper, signal };
        if ('write' in output) await output.write(wholeTree(root, reading));
        else await archiveTree(root, output.descriptor, reading);
      });
    }
  }
}

async function copyStages(
  { context, work, signal }: OutputParts,
  stages: readonly PlatformStage[],
  { directory, owner }: { directory: string; owner?: { uid: number; gid: number } },
): Promise<void> {
  const { copyTree } = await import('../../storage/archive/copy.ts');
  for (const { stage, platform } of stages) {
    const path =
      stages.length === 1 ? directory : join(directory, formatPlatform(platform).replaceAll('/', '_'));
    makeDirectory(path);
    const from = { root: layersRoot({ context, work }, stage.layers), path: '/' };
    await copyTree(context.helper, { from, to: { root: 'dir:/', path }, name: '.', owner }, { signal });
  }
}

/** The tree of what was built; of several platforms one that has them all. */
async function rootOf(parts: OutputParts, stages: readonly PlatformStage[]): Promise<string> {
  const [only] = stages;
  if (stages.length === 1 && only !== undefined) return layersRoot(parts, only.stage.layers);
  const directory = parts.work.directory();
  await copyStages(parts, stages, { directory });
  return `dir:${directory}`;
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
