import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { IgnoreRules } from '../../build/context/ignore.ts';
import { PatternList } from '../../build/context/patterns.ts';
import { compileRootPlan } from '../../runtime/plan/root.ts';
import { encodePlan } from '../../runtime/record.ts';
import type { Context } from '../store/context.ts';

/** Ids, as a stage calls them. */
export interface Owner {
  uid: number;
  gid: number;
}

/** A tree from which files are taken. */
export interface SourceTree {
  /** As messages call it: `the build context`, `stage "builder"`. */
  name: string;
  /** As the helper's verbs take it (native/VERBS.md, ROOT): `dir:/context`, or what `layersTree` says. */
  root: string;
  /** What a context's `.dockerignore` leaves out; absent: nothing. */
  ignore?: IgnoreRules | undefined;
  /** Whether owners stay as they are: those of stages and images do, all of a context is root's. */
  keepsOwners: boolean;
}

/** The tree that is written: a stage, as far as it has come. */
export interface StageTree {
  /** The directories of its layers, topmost first; none: it begins from scratch, or the layer has to stand alone (`--link`). */
  lowers: readonly string[];
  /** An empty directory that becomes the next layer, on the file system of the store. */
  upper: string;
  /** A directory of this step's own for what is in use meanwhile, on the same file system. */
  scratch: string;
}

/**
 * A context without the store, when that lies in it: a layer would hold itself. The same when it does not.
 */
export function withoutStore({ paths }: Pick<Context, 'paths'>, source: SourceTree): SourceTree {
  const directory = source.root.startsWith('dir:') ? source.root.slice('dir:'.length) : undefined;
  // A build that is explained does not make one.
  if (directory === undefined || !existsSync(paths.root)) return source;
  const store = relative(realpathSync(directory), realpathSync(paths.root));
  if (/^\.\.(?:\/|$)/.test(store)) return source;
  const { name = 'this store', patterns = new PatternList([]) } = source.ignore ?? {};
  return { ...source, ignore: { name, patterns: patterns.with(store) } };
}

/** The ROOT of layers that are read, topmost first. `scratch`: a directory of the caller's own, for as long as it is used. */
export function layersTree(layers: readonly string[], scratch: string): string {
  const upper = directoryIn(scratch, 'nothing');
  const name = 'layers.plan';
  return planned({ lowers: layers, upper, work: '', access: 'read' }, { scratch, name });
}

/** The ROOT of a stage that is written. */
export function stageTree({ lowers, upper, scratch }: StageTree): string {
  if (lowers.length === 0) return `dir:${upper}`;
  const work = directoryIn(scratch, 'work');
  return planned({ lowers, upper, work, access: 'write' }, { scratch, name: 'stage.plan' });
}

interface Layers {
  lowers: readonly string[];
  upper: string;
  work: string;
  access: 'read' | 'write';
}

function planned(
  { lowers, upper, work, access }: Layers,
  { scratch, name }: { scratch: string; name: string },
): string {
  const file = join(scratch, name);
  const mountPoint = directoryIn(scratch, 'root');
  const plan = compileRootPlan({
    id: '0'.repeat(64),
    directory: scratch,
    exitRecord: join(scratch, 'end'),
    rootfs: { lowers: [...lowers], upper, work, mountPoint, idMapped: false },
    readOnly: access === 'read',
    access,
  });
  writeFileSync(file, encodePlan(plan), { mode: 0o600 });
  return `plan:${file}`;
}

function directoryIn(scratch: string, name: string): string {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return path;
}
