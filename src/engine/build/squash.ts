import type { ImageLayer } from '../../image/image.ts';
import { MediaType } from '../../oci/descriptor.ts';
import { layerArchive } from '../../storage/archive/read-tree.ts';
import { unpackOnce } from '../../storage/layer/unpack.ts';
import { layerDirectories } from '../store/layer-directories.ts';
import type { Build } from './build.ts';
import { type BuiltStage, chainOf, chainWith } from './built-stage.ts';
import { keyOf, type StepKey, type StepResult } from './cache.ts';
import { finishLayer } from './layer.ts';
import { newUpper } from './upper.ts';

/**
 * Makes one layer of all those that a build has laid over the image on which a stage stands (`docker build --squash`): it has
 * what is left of them at the end. The steps stay in the history, without layers, and one entry more has that layer. The cache
 * has it, too.
 */
export async function squash(build: Build, stage: BuiltStage): Promise<BuiltStage> {
  const { layers, history, inherited } = stage;
  const [base, own] = [layers.slice(0, inherited.layers), layers.slice(inherited.layers)];
  if (own.length === 0) return stage;
  const key: StepKey = {
    kind: 'squash',
    description: 'squash',
    parts: { below: chainOf({ layers: base }) ?? null, layers: own.map(({ diffID }) => diffID) },
  };
  const { cache, tasks } = build.parts;
  const found = cache.find(keyOf(key));
  if (found !== undefined) tasks.begin('squashing').end({ kind: 'cached' });
  const { layer } = found ?? (await tasks.do('squashing', () => merge(build, { base, own, key })));
  const squashed = layer && {
    descriptor: { mediaType: MediaType.ociLayer, digest: layer.diffID, size: layer.size },
    diffID: layer.diffID,
    chainID: layer.chainID,
  };
  const entry = { created: stage.created, comment: `squashed ${own.length} layers` };
  return {
    ...stage,
    layers: squashed === undefined ? base : [...base, squashed],
    history: [
      ...history.slice(0, inherited.history),
      ...history.slice(inherited.history).map((each) => ({ ...each, empty_layer: true })),
      ...(squashed === undefined ? [] : [entry]),
    ],
  };
}

/** Applies the layers one after the other to a directory that is laid over the base. */
async function merge(
  build: Build,
  { base, own, key }: { base: readonly ImageLayer[]; own: readonly ImageLayer[]; key: StepKey },
): Promise<StepResult> {
  const { context, cache, workspace, signal } = build.parts;
  const { helper } = context;
  const lowers = layerDirectories(
    context,
    base.map(({ chainID }) => chainID),
    undefined,
  );
  const upper = newUpper(build.directory(), lowers);
  for (const { chainID } of own) {
    const view = lowers.length === 0 ? 'whole' : { work: build.directory(), lowers };
    await unpackOnce({
      source: layerArchive(workspace.layers.directory(chainID), { helper, signal }),
      target: { helper, directory: upper, view, signal },
      isBase: false,
      lowers: async () => lowers,
    });
  }
  const made = await finishLayer(context, { upper, lowers, ran: false }, signal);
  const layer = made && { ...made, chainID: chainWith(chainOf({ layers: base }), made.diffID) };
  const result = { layer, createdAt: Date.now() };
  cache.keep({ ...key, key: keyOf(key) }, result, upper);
  return result;
}
