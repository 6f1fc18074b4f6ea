import { existsSync } from 'node:fs';
import { isRemote } from '../../build/stages/remote.ts';
import type { CopyStep, Step } from '../../build/stages/step.ts';
import type { ImageLayer } from '../../image/image.ts';
import { chainOf } from './built-stage.ts';
import type { StepKey } from './cache.ts';
import { directoriesOf, sourceFiles } from './sources.ts';
import type { StageAt } from './stage.ts';

/** By what a step is found whose files nobody has looked at. */
export interface SourceKey {
  key: StepKey;
  /** Whether its own key can be found without fetching anything. */
  isHere: boolean;
}

/**
 * The second key of a step (CACHE.md): it has where files come from instead of what they are, and users by their names. Undefined
 * for a step of which that says nothing, as it takes files of a directory, or needs none.
 */
export async function sourceKey(
  at: StageAt,
  step: Exclude<Step, { kind: 'config' }>,
): Promise<SourceKey | undefined> {
  if (step.kind === 'run') return undefined;
  const { stage, build } = at;
  const whole = { below: chainOf(stage) ?? null, SOURCE_DATE_EPOCH: build.fileTimes?.ofLayer(0) };
  if (step.kind === 'directory') {
    const user = stage.state.config.config.User;
    if (!user) return undefined;
    const parts = { ...whole, path: step.path, user };
    const key: StepKey = { kind: 'directory', description: step.text, parts };
    return { key, isHere: isHere(at, stage.layers) };
  }
  const origin = await originOf(at, step);
  if (origin === undefined) return undefined;
  const { sources, exclude, ifExists, destination, chown, chmod, link, parents, unpack, add } = step;
  const words = { sources, exclude, ifExists, destination, chown, chmod, link, parents, unpack, add };
  const key: StepKey = {
    kind: 'copy',
    description: step.text,
    parts: { ...whole, from: origin.from, ...words },
  };
  return { key, isHere: origin.isHere && (chown === undefined || isHere(at, stage.layers)) };
}

async function originOf(
  at: StageAt,
  { from, add, sources, documents, checksum, keepGitDirectory }: CopyStep,
): Promise<{ from: unknown; isHere: boolean } | undefined> {
  if (documents.length > 0) return undefined;
  if (add && sources.every(isRemote) && checksum !== undefined && !keepGitDirectory)
    return { from: { checksum: checksum.toLowerCase() }, isHere: false };
  if (from.kind === 'scratch' || (from.kind === 'context' && from.name === undefined)) return undefined;
  const files = await sourceFiles(at.build, from);
  if (files.kind === 'directory' || sources.some((source) => add && isRemote(source))) return undefined;
  return { from: { layers: files.layers.at(-1)?.chainID ?? null }, isHere: isHere(at, files.layers) };
}

function isHere({ build }: StageAt, layers: readonly ImageLayer[]): boolean {
  return directoriesOf(build.parts, layers).every((directory) => existsSync(directory));
}
