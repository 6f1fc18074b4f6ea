import { posix } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { IgnoreRules } from './ignore.ts';
import { compileWildcard, hasWildcards, withoutEscapes } from './match.ts';
import type { Matcher } from './matcher.ts';
import { PatternList, type Verdict } from './patterns.ts';

/** What lies in a directory. Names are bytes as characters (latin1). */
export interface Listed {
  name: string;
  kind: 'directory' | 'link' | 'other';
  /** Of a link. */
  target?: string | undefined;
}

/** Lists a directory of a source, by its path without links, bytes as characters; undefined: that is no directory. */
export type ListDirectory = (path: string) => Promise<readonly Listed[] | undefined>;

/** What COPY or ADD is to take. */
export interface SelectRequest {
  /** Paths below the source, with wildcards; what leads out of it ends at its root. */
  sources: readonly string[];
  /** `--exclude`. */
  exclude: readonly string[];
  /** `--parents`. */
  parents: boolean;
  /** `--if-exists`: what is not there is left out. */
  ifExists: boolean;
  ignore: IgnoreRules | undefined;
  /** What the source is called in messages. */
  name: string;
}

/** A file, or the content of a directory, that is taken. Paths are bytes as characters, without links, relative. */
export interface Selected {
  path: string;
  /** What it is called where it goes to, unless the destination says. */
  name: string;
  isDirectory: boolean;
  /** What is taken of a directory, each before what is in it, in the order of the bytes of names; absent: everything. */
  only?: readonly string[] | undefined;
}

/** As many links as the kernel follows. */
const LINKS_MAX = 40;

/** A source that may be taken without a look at what lies around it. */
export interface PlainSource {
  path: string;
  name: string;
  /** True: if it turns out to be a directory it has to be looked at. */
  isFile: boolean;
}

/**
 * The sources of a request as paths, when they can be taken as they are: none has wildcards, or is left out, and nothing is
 * excluded. Links may still be on the way. Undefined: what lies there has to be listed.
 */
export function plainSources({
  sources,
  exclude,
  parents,
  ignore,
}: SelectRequest): PlainSource[] | undefined {
  if (parents || exclude.length > 0 || sources.some(hasWildcards)) return undefined;
  const patterns = ignore?.patterns;
  const found = sources.map((source) => {
    const path = bytesOfPart(clipped(source));
    return { path, name: path.split('/').at(-1) ?? '', isFile: patterns?.isEmpty === false };
  });
  const left = found.filter(({ path, isFile }) => isFile && patterns?.judgeWhole(textOf(path)).matched);
  return left.length === 0 ? found : undefined;
}

/**
 * Finds out what is taken from a source, in the order of the request, and of a wildcard in that of names. Links on the way to
 * it, and at its end, are followed within the source; those below a directory are taken as links. Throws `notFound` for what
 * is not there, or is left out by the ignore file, `invalid` for a malformed pattern.
 */
export async function selectSources(list: ListDirectory, request: SelectRequest): Promise<Selected[]> {
  const tree = new Tree(list, request.ignore);
  const exclude = new PatternList(request.exclude.map((pattern) => pattern.replace(/^\/+/, '')));
  const selected: Selected[] = [];
  for (const source of request.sources) {
    const found = request.parents
      ? await selectWithParents(tree, source, exclude)
      : await selectPlain(tree, source, exclude);
    if (found.length === 0 && !request.ifExists) throw await missing(tree, source, request);
    selected.push(...found);
  }
  return selected;
}

async function selectPlain(tree: Tree, source: string, exclude: PatternList): Promise<Selected[]> {
  const found: Selected[] = [];
  for (const path of await tree.match(source)) {
    const name = path.split('/').at(-1) ?? '';
    const real = await tree.resolve(path);
    if (real === undefined) continue;
    if (real.kind === 'directory') {
      const whole = exclude.isEmpty && tree.takesAll;
      const only = whole ? undefined : await tree.collect(real.path, { takes: outside(exclude) });
      found.push({ path: real.path, name, isDirectory: true, only });
    } else if (!exclude.judge(textOf(name)).matched)
      found.push({ path: real.path, name, isDirectory: false });
  }
  return found;
}

/** What is before `/./` is where the parents begin that are kept; what matches is taken with all that is in it. */
async function selectWithParents(tree: Tree, source: string, exclude: PatternList): Promise<Selected[]> {
  const pivot = source.indexOf('/./');
  const [base, pattern] = pivot === -1 ? ['', source] : [source.slice(0, pivot), source.slice(pivot + 3)];
  const include = new PatternList([clipped(pattern)].filter((text) => text !== ''));
  const found: Selected[] = [];
  for (const path of await tree.match(base)) {
    const real = await tree.resolve(path);
    if (real?.kind !== 'directory') continue;
    const excluded = outside(exclude);
    const takes: Takes = (text, above) => {
      const verdict = include.judge(text, above?.[0]);
      const [isIn, rest] = excluded(text, above?.slice(1));
      return [(include.isEmpty || verdict.matched) && isIn, [verdict, ...rest]];
    };
    const only = await tree.collect(real.path, { takes, near: nearPattern(clipped(pattern)) });
    if (only.length > 0) found.push({ path: real.path, name: '', isDirectory: true, only });
  }
  return found;
}

/** Whether a path is taken, by the verdicts on its directory, and the verdicts on itself. */
type Takes = (
  text: string,
  above: readonly (Verdict | undefined)[] | undefined,
) => [taken: boolean, verdicts: readonly Verdict[]];

function outside(exclude: PatternList): Takes {
  if (exclude.isEmpty) return () => [true, []];
  return (text, above) => {
    const verdict = exclude.judge(text, above?.[0]);
    return [!verdict.matched, [verdict]];
  };
}

/** Whether something below a directory could match a pattern, so that nobody looks into others. */
function nearPattern(pattern: string): (text: string) => boolean {
  const parts = pattern.split('/');
  const open = parts.findIndex((part) => part.includes('**'));
  const known = parts.slice(0, open === -1 ? parts.length : open).map(compileWildcard);
  return (text) => text.split('/').every((part, index) => known[index]?.test(part) ?? true);
}

/** A source, as far as the ignore file lets it be seen. */
class Tree {
  readonly #list: ListDirectory;
  readonly #ignore: PatternList | undefined;
  readonly #listed = new Map<string, Promise<readonly Listed[] | undefined>>();

  constructor(list: ListDirectory, ignore: IgnoreRules | undefined) {
    this.#list = list;
    this.#ignore = ignore?.patterns.isEmpty === false ? ignore.patterns : undefined;
  }

  /** Whether nothing is ignored. */
  get takesAll(): boolean {
    return this.#ignore === undefined;
  }

  /** Where a path leads, all links followed within the source; undefined: to nothing. */
  async resolve(text: string): Promise<{ path: string; kind: 'directory' | 'other' } | undefined> {
    const found = await this.#follow(text);
    return found !== undefined && (await this.#isSeen(found)) ? found : undefined;
  }

  /** Whether the ignore file alone is why a path is not there. */
  async isIgnored(text: string): Promise<boolean> {
    return (await this.#follow(text)) !== undefined;
  }

  async #follow(text: string): Promise<{ path: string; kind: 'directory' | 'other' } | undefined> {
    const ahead = text.split('/').reverse();
    const done: string[] = [];
    let [links, kind]: [number, 'directory' | 'other'] = [0, 'directory'];
    while (ahead.length > 0) {
      const part = ahead.pop() as string;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        done.pop();
        kind = 'directory';
        continue;
      }
      if (kind !== 'directory') return undefined;
      const found = await this.#entry(done.join('/'), part);
      if (found === undefined) return undefined;
      if (found.kind === 'link') {
        if (++links > LINKS_MAX) return undefined;
        const target = found.target ?? '';
        if (target.startsWith('/')) done.length = 0;
        ahead.push(...target.split('/').reverse());
        continue;
      }
      done.push(part);
      kind = found.kind;
    }
    return { path: done.join('/'), kind };
  }

  /** The paths that a source matches, by the names that lead there: of a wildcard in the order of names. */
  async match(source: string): Promise<string[]> {
    const parts = clipped(source)
      .split('/')
      .filter((part) => part !== '');
    const first = parts.findIndex(hasWildcards);
    const plain = parts.slice(0, first === -1 ? parts.length : first).map(bytesOfPart);
    if (first === -1) return [plain.join('/')];
    const base = await this.#follow(plain.join('/'));
    if (base?.kind !== 'directory') return [];
    return await this.#matchBelow(base.path, parts.slice(first).map(compileWildcard));
  }

  async #matchBelow(directory: string, patterns: readonly Matcher[]): Promise<string[]> {
    const [pattern, ...rest] = patterns;
    const found: string[] = [];
    for (const { name, kind } of (await this.#entries(directory)) ?? []) {
      if (pattern?.test(textOf(name)) !== true) continue;
      const path = join(directory, name);
      if (rest.length === 0) {
        if (await this.#isSeen({ path, kind })) found.push(path);
      } else if (kind === 'directory') found.push(...(await this.#matchBelow(path, rest)));
    }
    return found;
  }

  /** What is below a directory, and is taken: a directory, too, when something in it is. */
  async collect(
    root: string,
    { takes, near = () => true }: { takes: Takes; near?: (text: string) => boolean },
  ): Promise<string[]> {
    const ignore = this.#ignore;
    const above = root === '' ? undefined : ignore?.judgeWhole(textOf(root));
    const collectIn = async (
      directory: string,
      seen: { ignored: Verdict | undefined; verdicts: readonly Verdict[] | undefined },
    ): Promise<string[]> => {
      const entries = (await this.#entries(join(root, directory))) ?? [];
      const parts = entries.map(({ name, kind }): string[] | Promise<string[]> => {
        const path = join(directory, name);
        const ignored = ignore?.judge(textOf(join(root, path)), seen.ignored);
        const [taken, verdicts] = takes(textOf(path), seen.verdicts);
        const isTaken = ignored?.matched !== true && taken;
        if (kind !== 'directory') return isTaken ? [path] : [];
        const hopeless = ignored?.matched === true && ignore?.hasExceptions !== true;
        if (hopeless || (!isTaken && !near(textOf(path)))) return [];
        return collectIn(path, { ignored, verdicts }).then((below) =>
          isTaken || below.length > 0 ? [path, ...below] : [],
        );
      });
      return (await Promise.all(parts)).flat();
    };
    return await collectIn('', { ignored: above, verdicts: undefined });
  }

  /** A directory that is ignored is there all the same when something in it is not. */
  async #isSeen({ path, kind }: { path: string; kind: Listed['kind'] }): Promise<boolean> {
    const ignore = this.#ignore;
    if (ignore === undefined || path === '' || !ignore.judgeWhole(textOf(path)).matched) return true;
    if (kind !== 'directory' || !ignore.hasExceptions) return false;
    return (await this.collect(path, { takes: () => [true, []] })).length > 0;
  }

  async #entry(directory: string, name: string): Promise<Listed | undefined> {
    return (await this.#entries(directory))?.find((entry) => entry.name === name);
  }

  #entries(directory: string): Promise<readonly Listed[] | undefined> {
    const known = this.#listed.get(directory);
    if (known !== undefined) return known;
    const listed = this.#list(directory).then((entries) =>
      entries?.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    );
    this.#listed.set(directory, listed);
    return listed;
  }
}

async function missing(tree: Tree, source: string, { ignore, name }: SelectRequest): Promise<EngineError> {
  const ignored =
    ignore !== undefined && !hasWildcards(source) && (await tree.isIgnored(bytesOf(clipped(source))));
  return new EngineError('notFound', `"${source}" is not in ${name}`, {
    subject: source,
    hint: ignored ? `it is there, but ${ignore.name} leaves it out` : undefined,
  });
}

/** A path below the root: `..` and `/` lead no further up than there, and `/` at the end means nothing. */
function clipped(path: string): string {
  return posix.normalize(`/${path}`).replace(/^\/|\/$/g, '');
}

function bytesOfPart(part: string): string {
  return bytesOf(withoutEscapes(part));
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text that bytes are, for patterns. */
function textOf(bytes: string): string {
  // Most are ASCII.
  return /^[\0-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

function join(directory: string, name: string): string {
  return directory === '' ? name : name === '' ? directory : `${directory}/${name}`;
}
