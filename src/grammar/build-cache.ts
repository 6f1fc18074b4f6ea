import { resolve } from 'node:path';
import type { CacheSource, CacheTarget } from '../engine/build/cache-options.ts';
import { EngineError } from '../errors.ts';
import { userPath } from '../host/working-directory.ts';
import { parseReference } from '../image/reference.ts';
import { parseDigest } from '../oci/digest.ts';
import { COMPRESSION_FIELDS, compressionOf } from './compression.ts';
import { csvFields } from './csv.ts';
import { booleanWord } from './words.ts';

type Fields = Readonly<Record<string, string | undefined>>;

const GZIP: CacheTarget['compression'] = { kind: 'gzip' };

/** What Docker's builders know besides: they are services of others. */
const ELSEWHERE = ['gha', 's3', 'azblob'];

/**
 * Collects `--cache-from type=registry,ref=NAME | type=local,src=DIRECTORY[,digest=DIGEST] | NAME[,NAME…]` (Docker's build,
 * "cache-from"). Throws `invalid`, `unsupported` for a type that only Docker's builders know.
 */
export function collectCacheSource(text: string, previous: readonly CacheSource[] = []): CacheSource[] {
  const names = namesIn(text);
  if (names !== undefined)
    return [
      ...previous,
      ...names.map((ref) => ({ kind: 'registry', ...registryOf({ ref }, text) }) as const),
    ];
  const fields = fieldsOf(text);
  const { type } = fields;
  switch (type) {
    case 'registry':
      only(fields, ['ref', 'registry.insecure'], text);
      return [...previous, { kind: 'registry', ...registryOf(fields, text) }];
    case 'local': {
      only(fields, ['src', 'digest'], text);
      const { src, digest } = fields;
      const directory = directoryOf(src, text, 'src=DIRECTORY');
      return [
        ...previous,
        { kind: 'local', directory, digest: digest && parseDigest(digest) } as CacheSource,
      ];
    }
    case 'inline':
      throw wrong(text, 'an image with a cache in it is read by its name: --cache-from NAME');
    default:
      throw unknown(type, text, 'registry or local');
  }
}

/**
 * Collects `--cache-to type=registry,ref=NAME | type=local,dest=DIRECTORY | type=inline | NAME`, with
 * `mode=min|max`, `compression=gzip|zstd|uncompressed`, `compression-level=N` and `ignore-error=true` (Docker's build, "cache-to"). Throws as
 * `collectCacheSource`.
 */
export function collectCacheTarget(text: string, previous: readonly CacheTarget[] = []): CacheTarget[] {
  const names = namesIn(text);
  const fields = names === undefined ? fieldsOf(text) : { type: 'registry', ref: names.join(',') };
  return [...previous, { ...placeOf(fields, text), ...mannerOf(fields, text) }];
}

/** How it is written; an inline one has no choice. */
const MANNER = ['mode', ...COMPRESSION_FIELDS, 'ignore-error', 'oci-mediatypes', 'image-manifest'];

function placeOf(fields: Fields, text: string) {
  const { type } = fields;
  switch (type) {
    case 'registry':
      only(fields, ['ref', 'registry.insecure', ...MANNER], text);
      return { kind: 'registry', ...registryOf(fields, text) } as const;
    case 'local':
      only(fields, ['dest', ...MANNER], text);
      return { kind: 'local', directory: directoryOf(fields['dest'], text, 'dest=DIRECTORY') } as const;
    case 'inline':
      if (fields['mode'] === 'max')
        throw wrong(
          text,
          'an image has the records of its own layers: mode=max goes with type=registry or local',
        );
      only(fields, ['mode', 'ignore-error'], text);
      return { kind: 'inline' } as const;
    default:
      throw unknown(type, text, 'registry, local or inline');
  }
}

function mannerOf(fields: Fields, text: string): Pick<CacheTarget, 'mode' | 'compression' | 'ignoresErrors'> {
  const { mode = 'min' } = fields;
  if (mode !== 'min' && mode !== 'max') throw wrong(text, 'mode is min or max');
  for (const name of ['oci-mediatypes', 'image-manifest'])
    if (!isTrue(fields[name] ?? 'true', text))
      throw wrong(text, `a cache is an image manifest of the OCI: ${name} is true`);
  // Layers are always as it is asked for, those of caches that were read as well.
  const { kind, level } = compressionOf(fields, (hint) => wrong(text, hint)) ?? GZIP;
  const compression = { kind, ...(level === undefined ? {} : { level }) };
  return { mode, compression, ignoresErrors: isTrue(fields['ignore-error'] ?? 'false', text) };
}

/** The short form: names alone. */
function namesIn(text: string): string[] | undefined {
  const fields = csvFields(text);
  return fields.every((field) => field !== '' && !field.includes('=')) ? fields : undefined;
}

function fieldsOf(text: string): Fields {
  const fields: Record<string, string> = {};
  for (const field of csvFields(text)) {
    const [, name = '', value] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
    if (value === undefined) throw wrong(text, `"${field}" is no field: write NAME=VALUE`);
    fields[name.toLowerCase()] = value;
  }
  return fields;
}

function only(fields: Fields, known: readonly string[], text: string): void {
  for (const name of Object.keys(fields))
    if (name !== 'type' && !known.includes(name))
      throw wrong(text, `"${name}" is none of its fields: ${known.join(', ')}`);
}

function registryOf({ ref, 'registry.insecure': insecure }: Fields, text: string) {
  if (ref === undefined || ref === '') throw wrong(text, 'name it: ref=NAME');
  parseReference(ref);
  return { reference: ref, insecure: isTrue(insecure ?? 'false', text) };
}

function directoryOf(path: string | undefined, text: string, example: string): string {
  if (path === undefined || path === '') throw wrong(text, `name the directory: ${example}`);
  return resolve(userPath(path));
}

function isTrue(value: string, text: string): boolean {
  const word = booleanWord(value);
  if (word !== undefined) return word;
  throw wrong(text, `"${value}" is neither true nor false`);
}

function unknown(type: string | undefined, text: string, there: string): EngineError {
  if (type === undefined || !ELSEWHERE.includes(type)) return wrong(text, `its type is ${there}`);
  return new EngineError('unsupported', `there are no caches of type ${type}`, {
    subject: text,
    hint: `its type is ${there}`,
  });
}

function wrong(text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid cache "${text}"`, { subject: text, hint });
}
