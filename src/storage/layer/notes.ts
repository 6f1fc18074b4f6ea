import { lstatSync } from 'node:fs';

/** Paths that are kept; an archive that makes more notes than this is looked at with its lower layers in any case. */
const MAX_PATHS = 10_000;

/**
 * The notes of the helper while it applied a layer alone, without sight of the layers below: pairs of NUL-terminated
 * fields, a kind and a path (latin1, free of symlinks, relative to the layer's root).
 */
export class LayerNotes {
  /** Resolves at the checkpoint: the notes so far are complete. */
  readonly complete: Promise<void>;
  #resolve: () => void = () => {};
  #text = '';
  #missing: string | undefined;
  #attribute: string | undefined;
  #overflow = false;
  /** Directories that the archive uses without an entry for them. */
  readonly #implied = new Set<string>();
  /** Directories that now hide everything below. */
  readonly #opaque = new Set<string>();
  /** Directories that hold whiteouts. */
  readonly #whiteouts = new Set<string>();

  constructor() {
    this.complete = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** The first hard link whose target the layer does not have. */
  get missingTarget(): string | undefined {
    return this.#missing;
  }

  /** The name of the first extended attribute that the file system could not hold. */
  get attributeLeftOut(): string | undefined {
    return this.#attribute;
  }

  push(chunk: Buffer): void {
    const fields = (this.#text + chunk.toString('latin1')).split('\0');
    const whole = fields.length - 1 - ((fields.length - 1) % 2);
    for (let at = 0; at < whole; at += 2) this.#take(fields[at] ?? '', fields[at + 1] ?? '');
    this.#text = fields.slice(whole).join('\0');
  }

  /**
   * Whether the layer must be applied again with its lower layers (directories, topmost first) in view: because they
   * have something where the layer took a directory for granted (it may be a symlink, and has metadata); because a
   * hard link leads to them; or because a whiteout lies where there is nothing to merge with, in which case overlay
   * would show the whiteout itself.
   */
  needLowers(lowers: readonly string[]): boolean {
    if (lowers.length === 0) return false;
    // The kernel looks at no attribute of a layer's root: an opaque root has to be said with whiteouts.
    if (this.#missing !== undefined || this.#overflow || this.#opaque.has('')) return true;
    const trees = lowers.map((directory) => new LowerTree(directory));
    for (const path of this.#implied) if (kindIn(trees, path) !== undefined) return true;
    for (const path of this.#whiteouts) {
      if (this.#isBelowOpaque(path) || kindIn(trees, path) !== 'directory') return true;
    }
    return false;
  }

  #take(kind: string, path: string): void {
    if (kind === 'checkpoint') this.#resolve();
    else if (kind === 'missing') this.#missing ??= path;
    else if (kind === 'attribute') this.#attribute ??= path;
    else
      this.#keep(
        kind === 'implied' ? this.#implied : kind === 'opaque' ? this.#opaque : this.#whiteouts,
        path,
      );
  }

  #keep(set: Set<string>, path: string): void {
    if (set.size < MAX_PATHS) set.add(path);
    else this.#overflow = true;
  }

  #isBelowOpaque(path: string): boolean {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (this.#opaque.has(path.slice(0, end))) return true;
    }
    return false;
  }
}

/**
 * The kind of a path in a layer; `beyond`: a symlink, a file or a whiteout is on the way, which also hides all layers
 * below.
 */
type Kind = 'directory' | 'other' | 'beyond' | undefined;

/** Returns the kind of a path in the topmost layer that has anything there, or at one of its parents. */
function kindIn(trees: readonly LowerTree[], path: string): Exclude<Kind, 'beyond'> {
  for (const tree of trees) {
    const kind = tree.kind(path);
    if (kind !== undefined) return kind === 'beyond' ? undefined : kind;
  }
  return undefined;
}

/**
 * Looks at a layer's directory part by part. The kernel, given a whole path, would follow the layer's symlinks to
 * whatever they name on this host.
 */
class LowerTree {
  readonly #directory: string;
  readonly #kinds = new Map<string, Kind>([['', 'directory']]);

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** `path` is bytes (latin1), relative to the layer's root. */
  kind(path: string): Kind {
    if (this.#kinds.has(path)) return this.#kinds.get(path);
    const parent = this.kind(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    const kind = parent === 'directory' ? this.#look(path) : parent === undefined ? undefined : 'beyond';
    this.#kinds.set(path, kind);
    return kind;
  }

  /** The parents of `path` are directories, so that nothing but its own name is looked up. */
  #look(path: string): Kind {
    // Bytes, not text: a name need not be UTF-8.
    const file = Buffer.concat([Buffer.from(`${this.#directory}/`), Buffer.from(path, 'latin1')]);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    return stat === undefined ? undefined : stat.isDirectory() ? 'directory' : 'other';
  }
}
