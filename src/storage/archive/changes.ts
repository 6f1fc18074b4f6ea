import { answerOf, runVerb, type VerbOptions } from './run-verb.ts';
import { mapWords, type TreePlace } from './tree.ts';

/** The directories of a container. */
export interface ChangedLayers {
  /** What it has changed: overlay's upper directory, or, without lowers, a copy of `since`. */
  upper: string;
  /** The layers below, topmost first. */
  lowers: readonly string[];
  /** What `upper` was once: then it is what differs between the two that counts. */
  since?: string | undefined;
  /** `upper` alone is seen through these maps. */
  owners?: TreePlace['owners'];
  /** Paths of the root at which the engine itself makes what mounts need; relative. */
  own: readonly string[];
}

/** Where a layer is made: with `since` it has what its archive has, else what overlay understands. */
export interface CopyTarget {
  /** An empty directory. */
  directory: string;
  /** Owners become those inside of these maps; absent: they stay. */
  owners?: TreePlace['owners'];
}

/** Docker's kinds: A added, C changed, D deleted. */
export interface Change {
  kind: 'A' | 'C' | 'D';
  /** Absolute; its bytes as latin1. */
  path: string;
}

/** Yields what an upper directory changes, in the order of names, a directory before what is in it. */
export async function* readChanges(layers: ChangedLayers, options: VerbOptions): AsyncGenerator<Change[]> {
  let rest = '';
  for await (const chunk of runVerb(argumentsOf(layers), options)) {
    const lines = (rest + chunk.toString('latin1')).split('\0');
    rest = lines.pop() ?? '';
    if (lines.length > 0)
      yield lines.map((line) => ({ kind: line[0] as Change['kind'], path: line.slice(2) }));
  }
}

/** How much was copied. No entries: nothing was changed, the root's own attributes included. */
export interface CopiedChanges {
  entries: number;
  /** In regular files. */
  bytes: number;
}

/** Makes a layer of what an upper directory changes, and waits until it is on disk. */
export async function copyChanges(
  layers: ChangedLayers,
  to: CopyTarget,
  options: VerbOptions,
): Promise<CopiedChanges> {
  const text = await answerOf(argumentsOf(layers, to), options);
  const [entries = 0, bytes = 0] = text.split(' ').map(Number);
  return { entries, bytes };
}

/** The bytes in the files that are new or changed; 0 when there is nothing any more. */
export async function changedBytes(layers: ChangedLayers, options: VerbOptions): Promise<number> {
  let text = '';
  for await (const chunk of runVerb(argumentsOf(layers, 'size'), options)) text += chunk.toString('latin1');
  return Number(text);
}

function argumentsOf(
  { upper, lowers, since, owners, own }: ChangedLayers,
  to?: CopyTarget | 'size',
): string[] {
  const target = to === undefined || to === 'size' ? undefined : to;
  return [
    'changes',
    upper,
    ...(target === undefined ? [] : [`to=${target.directory}`]),
    ...(to === 'size' ? ['size'] : []),
    ...(since === undefined ? [] : [`since=${since}`]),
    ...mapWords('from', target?.owners ?? owners),
    ...own.map((path) => `own=${path}`),
    ...lowers,
  ];
}
