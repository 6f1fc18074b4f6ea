import { join } from 'node:path';
import { complaint } from '../../build/dockerfile/complaint.ts';
import { isRemote } from '../../build/stages/remote.ts';
import type { CopyStep, DirectoryStep, RunStep } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import { canonicalJson } from '../../oci/canonical-json.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { copyLayer } from '../../storage/layer/copy.ts';
import type { CachedLayer } from '../store/build-cache.ts';
import { type BuiltStage, chainOf, chainWith } from './built-stage.ts';
import { keyOf, type StepKey, type StepResult } from './cache.ts';
import { type CopyRequest, copySources, digestSources, makeDirectory, resolveOwner } from './copy.ts';
import type { FileTimes } from './file-times.ts';
import { finishLayer, type LayerDraft } from './layer.ts';
import type { LayerMaker, PreparedStep } from './prepared-step.ts';
import type { Task } from './progress.ts';
import { prepareRun } from './run.ts';
import { sourceKey } from './source-key.ts';
import { sourceTree } from './sources.ts';
import { lowersOf, type StageAt } from './stage.ts';
import { newUpper } from './upper.ts';

/**
 * Does a step that makes files: it comes from the cache, or another stage does it just now, or it is performed. What is done
 * anew is done at each place of a stage at which it stands, also where nothing has changed since, as in BuildKit.
 */
export async function doStep(at: StageAt, step: RunStep | CopyStep | DirectoryStep): Promise<StepResult> {
  try {
    return await doOrFind(at, step);
  } catch (error) {
    throw at.build.parts.signal.aborted ? error : placed(at, step, error);
  }
}

/** Says where in the file it was, unless that is said already. */
export function placed(
  { build }: StageAt,
  { instruction }: RunStep | CopyStep | DirectoryStep,
  error: unknown,
): unknown {
  if (!(error instanceof EngineError)) return error;
  const { file } = build.parts.plan.scope;
  if (error.kind === 'cancelled' || error.message.startsWith(`${file.name}:`)) return error;
  const { kind, hint, message } = error;
  return complaint(file, instruction.start, message, {
    kind,
    hint,
    endLine: instruction.endLine,
    cause: error,
  });
}

async function doOrFind(at: StageAt, step: RunStep | CopyStep | DirectoryStep): Promise<StepResult> {
  const { build, plan, stage, label, instruction } = at;
  const { cache, imports, recorder, tasks, options, work, signal } = build.parts;
  const name = `${label} ${step.text}`;
  const cached = (result: StepResult, keys: readonly Digest[]): StepResult => {
    if (!work.isTold(name, keys[0])) tasks.begin(name, instruction).end({ kind: 'cached' });
    recorder?.note(keys, stage.layers, result);
    return result;
  };
  const isWanted = !isUncached(options.noCache, plan);
  const source = imports === undefined && recorder === undefined ? undefined : await sourceKey(at, step);
  const early = isWanted && source?.isHere === false ? imports?.find(source.key, false) : undefined;
  if (early !== undefined) return cached(early.result, early.keys);
  const { key: words, perform } = await prepareStep(at, step);
  const key = keyOf(words);
  const keys = [key, ...(source === undefined ? [] : [keyOf(source.key)])];
  const found = isWanted ? cache.find(key) : undefined;
  if (found !== undefined) return cached(found, keys);
  const turn = isWanted ? key : digestOf(canonicalJson({ key, steps: stage.steps }));
  const underWay = build.underWay(turn);
  if (underWay !== undefined) return cached(await underWay, [key]);
  const laid = isWanted && isAlone(step) ? await layOn(at, words) : undefined;
  if (laid !== undefined) return cached(laid, keys);
  const imported = isWanted ? imports?.find(words) : undefined;
  if (imported !== undefined) return cached(imported.result, [...keys, ...imported.keys]);
  return await build.do(turn, async () => {
    build.throwIfCancelled();
    await build.have(stage.layers);
    const task = tasks.begin(name, instruction);
    work.isTold(name, key);
    if (isWanted) tellMiss(at, words, task);
    try {
      const times = build.fileTimes?.ofLayer(Date.now());
      const result = await perform(task, (draft, really = words) =>
        makeLayer(at, { ...draft, times }, really),
      );
      task.end({ kind: 'done' });
      const isAsExpected = result.keptBy === undefined || result.keptBy === key;
      recorder?.note(isAsExpected ? keys : [result.keptBy ?? key], stage.layers, result);
      return result;
    } catch (error) {
      if (signal.aborted) task.end({ kind: 'cancelled' });
      else task.fail(error);
      throw error;
    }
  });
}

/** Whether what a step makes is the same whatever is below (COPY --link). */
export function isAlone(step: RunStep | CopyStep | DirectoryStep): boolean {
  return step.kind === 'copy' && step.link;
}

/** Makes what a step has made on other layers one on these: its files get one more name each. Undefined: there is nothing. */
async function layOn({ build, stage }: StageAt, words: StepKey): Promise<StepResult | undefined> {
  const { cache, context, workspace } = build.parts;
  const found = cache.findOnOthers(words);
  if (found === undefined) return undefined;
  const from = workspace.layers.directory(found.layer.chainID);
  const to = join(build.directory(), 'layer');
  await copyLayer(context.helper, { from, to, link: true, sync: true });
  const result = { ...found, layer: layerOn(stage, found.layer) };
  cache.keep({ ...words, key: keyOf(words) }, result, to);
  return result;
}

/** A layer as it is called on a stage. */
export function layerOn(stage: BuiltStage, layer: CachedLayer): CachedLayer {
  return { ...layer, chainID: chainWith(chainOf(stage), layer.diffID) };
}

/** What files are dated makes another layer. */
function withTime(prepared: PreparedStep, times: FileTimes | undefined): PreparedStep {
  if (times === undefined) return prepared;
  const SOURCE_DATE_EPOCH = times.ofLayer(0);
  const dated = (key: StepKey): StepKey => ({ ...key, parts: { ...key.parts, SOURCE_DATE_EPOCH } });
  return {
    key: dated(prepared.key),
    perform: (task, finish) =>
      prepared.perform(task, (draft, really) => finish(draft, really && dated(really))),
  };
}

/** Whether nothing of a stage may come from the cache. */
export function isUncached(
  noCache: boolean | readonly string[] | undefined,
  { name, index }: StageAt['plan'],
): boolean {
  if (typeof noCache !== 'object') return noCache === true;
  return noCache.some((each) => each.toLowerCase() === name || each === String(index));
}

function tellMiss({ build }: StageAt, key: StepKey, task: Task): void {
  const names = build.parts.cache.difference(key);
  if (names.length > 0) task.miss(`${names.join(', ')} changed`);
}

/** Finds all that decides what a step makes; nothing is done. */
export async function prepareStep(
  at: StageAt,
  step: RunStep | CopyStep | DirectoryStep,
): Promise<PreparedStep> {
  return withTime(await prepare(at, step), at.build.fileTimes);
}

async function prepare(at: StageAt, step: RunStep | CopyStep | DirectoryStep): Promise<PreparedStep> {
  switch (step.kind) {
    case 'run':
      return await prepareRun(at, step);
    case 'copy':
      return await prepareCopy(at, step);
    case 'directory':
      return await prepareDirectory(at, step);
  }
}

async function prepareCopy(at: StageAt, step: CopyStep): Promise<PreparedStep> {
  const { build } = at;
  const { context, signal } = build.parts;
  const request: CopyRequest = {
    step,
    source: await sourceTree(build, step.from),
    owner: await ownerOf(at, step.chown),
    time: build.fileTimes?.given,
    agent: await build.parts.options.agents?.get('default'),
    secrets: build.parts.options.secrets,
    scratch: build.directory(),
  };
  const read = async () => await digestSources(context, request, signal);
  const selection = isOfContext(step) ? await build.readContext(read) : await read();
  const { destination, chmod, link, parents, unpack, add } = step;
  const key: StepKey = {
    kind: 'copy',
    description: step.text,
    parts: {
      below: chainOf(at.stage) ?? null,
      content: selection.digest,
      destination,
      owner: request.owner,
      mode: chmod,
      link,
      parents,
      unpack: add ? (unpack ?? 'archives') : false,
    },
  };
  return {
    key,
    perform: async (_task, finish) => {
      const upper = newUpper(build.directory(), link ? [] : lowersOf(at));
      const stage = { lowers: link ? [] : lowersOf(at), upper, scratch: build.directory() };
      const { digest } = await copySources(context, request, { selection, stage }, { signal });
      const really = { ...key, parts: { ...key.parts, content: digest } };
      return await finish({ upper, ran: false, alone: link }, really);
    },
  };
}

/** Whether a step takes files of the build's own context. */
function isOfContext({ from, add, sources }: CopyStep): boolean {
  if (from.kind !== 'context' || from.name !== undefined) return false;
  return sources.some((source) => !add || !isRemote(source));
}

async function prepareDirectory(at: StageAt, step: DirectoryStep): Promise<PreparedStep> {
  const { build, stage } = at;
  const { context } = build.parts;
  const owner = await ownerOf(at, stage.state.config.config.User || undefined);
  const parts = { below: chainOf(stage) ?? null, path: step.path, owner };
  return {
    key: { kind: 'directory', description: step.text, parts },
    perform: async (_task, finish) => {
      const upper = newUpper(build.directory(), lowersOf(at));
      const tree = { lowers: lowersOf(at), upper, scratch: build.directory() };
      await makeDirectory(context, tree, step.path, owner);
      return await finish({ upper, ran: false });
    },
  };
}

/** Who is meant by `--chown` or USER in a stage, in numbers. */
export async function ownerOf(at: StageAt, text: string | undefined): Promise<CopyRequest['owner']> {
  if (text === undefined) return undefined;
  const { build, stage } = at;
  if (!NUMBERS.test(text)) await build.have(stage.layers);
  return await resolveOwner(build.parts.context, text, { layers: lowersOf(at), scratch: build.directory() });
}

/** Nobody has to be looked up. */
const NUMBERS = /^\d+(:\d+)?$/;

async function makeLayer(
  at: StageAt,
  { upper, ran, mounts, times, alone = false }: Parameters<LayerMaker>[0] & Pick<LayerDraft, 'times'>,
  words: StepKey,
): Promise<StepResult> {
  const { build, stage } = at;
  const { context, cache, signal } = build.parts;
  const createdAt = Date.now();
  const lowers = alone ? [] : lowersOf(at);
  const made = await finishLayer(context, { upper, lowers, ran, times, mounts }, signal);
  const layer = made && { ...made, chainID: chainWith(chainOf(stage), made.diffID) };
  const keptBy = keyOf(words);
  const result = { layer, createdAt, keptBy };
  cache.keep({ ...words, key: keptBy }, result, upper);
  return result;
}
