import type { WantedCompression } from '../engine/images/compressed-layer.ts';
import { EngineError } from '../errors.ts';

/** The fields of an output, or of a cache. */
export type OutputFields = Readonly<Record<string, string | undefined>>;

export const COMPRESSION_FIELDS = ['compression', 'compression-level', 'force-compression'];

const COMPRESSIONS = ['gzip', 'zstd', 'uncompressed'] as const;
const LEVELS = { gzip: [0, 9], zstd: [1, 22] } as const;

/** Reads a field that is true or false. */
export function booleanField(
  fields: OutputFields,
  name: string,
  wrong: (hint: string) => EngineError,
): boolean | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (value === 'true' || value === 'false') return value === 'true';
  throw wrong(`${name} is neither true nor false: "${value}"`);
}

/**
 * Reads how layers are to be compressed; undefined: nothing is said of that. Throws `invalid`, made by `wrong` of a hint, and
 * `unsupported` for estargz.
 */
export function compressionOf(
  fields: OutputFields,
  wrong: (hint: string) => EngineError,
): WantedCompression | undefined {
  const { compression: named, 'compression-level': levelText } = fields;
  const all = booleanField(fields, 'force-compression', wrong);
  if (named === undefined && levelText === undefined && all === undefined) return undefined;
  const known = COMPRESSIONS.find((each) => each === (named ?? 'gzip'));
  if (named === 'estargz')
    throw new EngineError('unsupported', 'layers are not compressed as estargz', {
      subject: named,
      hint: `compression is one of ${COMPRESSIONS.join(', ')}`,
    });
  if (known === undefined) throw wrong(`compression is one of ${COMPRESSIONS.join(', ')}`);
  const kind = known === 'uncompressed' ? 'none' : known;
  if (levelText === undefined) return { kind, ...(all === undefined ? {} : { all }) };
  if (kind === 'none') throw wrong('what is not compressed has no compression-level');
  const [lowest, highest] = LEVELS[kind];
  const level = /^\d{1,2}$/.test(levelText) ? Number(levelText) : Number.NaN;
  if (!(level >= lowest && level <= highest))
    throw wrong(`compression-level of ${kind} is a number from ${lowest} to ${highest}`);
  return { kind, level, ...(all === undefined ? {} : { all }) };
}
