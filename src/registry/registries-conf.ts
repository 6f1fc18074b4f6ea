import { EngineError } from '../errors.ts';

/** A place that images are read from: `host[:port][/namespace…]`, without a scheme. */
export interface Location {
  location: string;
  /** May do without TLS, or show a certificate that nobody vouches for. */
  insecure: boolean;
}

/** When a mirror is asked: for every image, or only for those named by digest, or by tag. */
export type MirrorUse = 'all' | 'digest-only' | 'tag-only';

export interface Mirror extends Location {
  use: MirrorUse;
}

/** What a `[[registry]]` table says of the images whose names begin with its prefix. */
export interface RegistryTable {
  /** `host[:port][/namespace…]`, or `*.domain`. */
  prefix: string;
  /** Stands in the place of the prefix; undefined: the name says where the image is. */
  location: string | undefined;
  insecure: boolean;
  blocked: boolean;
  mirrors: readonly Mirror[];
  /** The file that has the table, for messages. */
  file: string;
}

type Table = Readonly<Record<string, unknown>>;

const USES: readonly MirrorUse[] = ['all', 'digest-only', 'tag-only'];

/**
 * Reads a file of containers-registries.conf(5), version 2: its `[[registry]]` tables. What else it may hold (short names,
 * credential helpers) is not used. Throws `invalid`, naming the file and what is wrong; so it does for version 1.
 */
export async function parseRegistriesConf(text: string, file: string): Promise<RegistryTable[]> {
  const document = await parseToml(text, file);
  if (document.registries !== undefined) {
    throw new EngineError('invalid', `${file} is in version 1 of its format, which skiff does not read`, {
      subject: file,
      hint: 'write a [[registry]] table for each registry (containers-registries.conf(5))',
    });
  }
  try {
    return listOf(document, 'registry').map((table) => readTable(table, file));
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    throw new EngineError('invalid', `${file}: ${error.message}`, { subject: file });
  }
}

async function parseToml(text: string, file: string): Promise<Table> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const message = `${file} is not in the form of TOML: line ${cause.line}, column ${cause.column}`;
    throw new EngineError('invalid', message, { subject: file, cause });
  }
}

/** What is wrong with a file, in words that lack its name. */
class Mistake extends Error {}

function readTable(table: Table, file: string): RegistryTable {
  const written = place(table, 'prefix');
  const location = place(table, 'location');
  const prefix = written ?? location;
  if (prefix === undefined) throw new Mistake('a [[registry]] has neither prefix nor location');
  checkWildcards(prefix, location);
  if (table['pull-from-mirror'] !== undefined)
    throw new Mistake(`pull-from-mirror of "${prefix}" belongs into its [[registry.mirror]]`);
  const digestOnly = flag(table, 'mirror-by-digest-only');
  const mirrors = listOf(table, 'mirror').map((mirror) => readMirror(mirror, { prefix, digestOnly }));
  return {
    prefix,
    location: location === prefix ? undefined : location,
    insecure: flag(table, 'insecure'),
    blocked: flag(table, 'blocked'),
    mirrors,
    file,
  };
}

function readMirror(mirror: Table, { prefix, digestOnly }: { prefix: string; digestOnly: boolean }): Mirror {
  const location = place(mirror, 'location');
  if (location === undefined) throw new Mistake(`a mirror of "${prefix}" has no location`);
  checkWildcards(undefined, location);
  const text = textOf(mirror, 'pull-from-mirror') || undefined;
  if (digestOnly && text !== undefined)
    throw new Mistake(`"${prefix}" has mirror-by-digest-only, and its mirror "${location}" pull-from-mirror`);
  const use = USES.find((known) => known === (text ?? (digestOnly ? 'digest-only' : 'all')));
  if (use === undefined)
    throw new Mistake(`pull-from-mirror of "${location}" is "${text}": it is all, digest-only or tag-only`);
  return { location, insecure: flag(mirror, 'insecure'), use };
}

/** A wildcard is the whole of a prefix's first label, before a host without port and namespaces. */
function checkWildcards(prefix: string | undefined, location: string | undefined): void {
  if (location?.includes('*')) throw new Mistake(`location "${location}" has a wildcard`);
  if (prefix?.includes('*') && !/^\*\.[^*/:@]+$/.test(prefix))
    throw new Mistake(`prefix "${prefix}" has a wildcard elsewhere than in *.DOMAIN`);
}

function place(table: Table, name: string): string | undefined {
  const text = textOf(table, name);
  const trimmed = text.replace(/\/+$/, '');
  if (text === '') return undefined;
  if (trimmed === '' || /[\s]/.test(trimmed)) throw new Mistake(`${name} "${text}" is no host or namespace`);
  if (trimmed.includes('://')) throw new Mistake(`${name} "${text}" has a scheme: write HOST[:PORT][/PATH]`);
  return trimmed;
}

function textOf(table: Table, name: string): string {
  const value = table[name] ?? '';
  if (typeof value === 'string') return value;
  throw new Mistake(`${name} is no text`);
}

function flag(table: Table, name: string): boolean {
  const value = table[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw new Mistake(`${name} is neither true nor false`);
}

function listOf(table: Table, name: string): Table[] {
  const value = table[name] ?? [];
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'object' && !Array.isArray(entry)))
    return value as Table[];
  throw new Mistake(
    `${name} is no list of tables: write [[${name === 'mirror' ? 'registry.mirror' : name}]]`,
  );
}
