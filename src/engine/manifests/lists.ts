import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { withLock } from '../../host/lock.ts';
import { isMissing } from '../../host/missing.ts';
import { readOwnFile, writeOwnFile } from '../../host/own-file.ts';
import type { StorePaths } from '../../host/paths.ts';
import { TemporaryDirectory } from '../../host/temporary.ts';
import { familiarReference, parseReference, type Reference } from '../../image/reference.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import { asList, asObject, asString, optional, parseJson } from '../../oci/json.ts';
import { type Context, requireRoot } from '../store/context.ts';

/** The platform of an entry, under the names and in the order of an index (OCI image spec, image-index.md). */
export interface ListedPlatform {
  architecture: string;
  os: string;
  'os.version'?: string | undefined;
  'os.features'?: string[] | undefined;
  variant?: string | undefined;
}

/** What is said of a platform; members that are undefined are not. */
export type PlatformChange = { [Member in keyof ListedPlatform]?: ListedPlatform[Member] | undefined };

/** An image in a list: the canonical reference that it was found by, and its manifest as its registry serves it. */
export interface ManifestEntry {
  reference: string;
  mediaType: string;
  platform: ListedPlatform;
  bytes: Uint8Array;
}

/** Images for several platforms that are to have one name. They are in the order in which they were added. */
export interface ManifestList {
  /** Canonical. */
  name: string;
  entries: ManifestEntry[];
}

/**
 * Reads the name that a list is to have: a repository and a tag, `latest` when absent. Throws `invalid` for what is no
 * name, and for a digest: that is known only once the list is whole.
 */
export function parseListName(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest === undefined) return reference;
  throw new EngineError('invalid', `a manifest list cannot be named by a digest: ${text}`, {
    subject: text,
    hint: 'give it a name and a tag',
  });
}

/** The list of this canonical name; undefined where none was made. Throws `invalid` for a file that is damaged. */
export function findList(paths: StorePaths, name: string): ManifestList | undefined {
  const file = fileOf(paths, name);
  const text = readOwnFile(file);
  return text === undefined ? undefined : parseList(text, file, name);
}

/** As {@link findList}; throws `notFound` where none was made. */
export function requireList(paths: StorePaths, name: string): ManifestList {
  const list = findList(paths, name);
  if (list !== undefined) return list;
  throw noSuchList(name);
}

/** Says that nobody made such a list. `name` is canonical. */
export function noSuchList(name: string): EngineError {
  const familiar = familiarReference(parseReference(name));
  return new EngineError('notFound', `no such manifest list: ${familiar}`, {
    subject: name,
    remedy: `make it with skiff manifest create ${familiar} MANIFEST...`,
  });
}

/**
 * Puts what `change` makes of a list in its place, while nobody else changes it. Throws what `change` throws, and `cancelled`
 * when the signal aborts while somebody else changes it: then all stays as it was.
 */
export async function changeList(
  context: Context,
  name: string,
  change: (before: ManifestList | undefined) => Promise<ManifestList> | ManifestList,
  signal?: AbortSignal,
): Promise<void> {
  const { paths } = context;
  const body = async () => write(paths, await change(findList(paths, name)));
  await alone(context, name, body, signal);
}

/** Removes a list, also one that is damaged. Throws `notFound`. */
export async function removeList(context: Context, name: string): Promise<void> {
  await alone(context, name, async () => {
    try {
      rmSync(fileOf(context.paths, name));
    } catch (error) {
      throw isMissing(error) ? noSuchList(name) : error;
    }
  });
}

/** Does something while nobody else changes a list. */
async function alone(
  context: Context,
  name: string,
  body: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  requireRoot();
  // Opened, so that there is a store, and not one that is being reset.
  context.database.transaction(() => {});
  const lock = join(context.paths.locks, `manifest-${hexOfName(name)}`);
  await withLock(context.helper, lock, body, { signal });
}

function write(paths: StorePaths, { name, entries }: ManifestList): void {
  const file = fileOf(paths, name);
  const draft = new TemporaryDirectory(paths.tmp);
  const text = JSON.stringify({
    name,
    entries: entries.map(({ bytes, ...entry }) => ({
      ...entry,
      bytes: Buffer.from(bytes).toString('base64'),
    })),
  });
  try {
    const made = join(draft.path(), 'list');
    writeOwnFile(made, text, 0o600);
    mkdirSync(paths.manifests, { recursive: true, mode: 0o700 });
    renameSync(made, file);
  } finally {
    rmSync(draft.path(), { recursive: true, force: true });
  }
}

/** Names may be longer than a file's. */
function fileOf({ manifests }: StorePaths, name: string): string {
  return join(manifests, `${hexOfName(name)}.json`);
}

function hexOfName(name: string): string {
  return hexOf(digestOf(name));
}

function parseList(text: string, file: string, name: string): ManifestList {
  try {
    const { entries } = asObject(parseJson(Buffer.from(text), 'manifest list'), 'manifest list');
    return { name, entries: asList(entries, 'entries', readEntry) };
  } catch (cause) {
    throw new EngineError('invalid', `the manifest list ${name} is damaged: ${file}`, {
      subject: name,
      remedy: 'remove it with skiff manifest rm and make it again',
      cause,
    });
  }
}

function readEntry(value: unknown, what: string): ManifestEntry {
  const { reference, mediaType, platform, bytes } = asObject(value, what);
  return {
    reference: asString(reference, `${what}.reference`),
    mediaType: asString(mediaType, `${what}.mediaType`),
    platform: readListedPlatform(platform, `${what}.platform`),
    bytes: Buffer.from(asString(bytes, `${what}.bytes`), 'base64'),
  };
}

/** Reads the platform of an index's entry, or of an image's config, which has the same members. Throws `invalid`. */
export function readListedPlatform(value: unknown, what: string): ListedPlatform {
  const member = asObject(value, what);
  const features = optional(member['os.features'], `${what}.os.features`, (list, name) =>
    asList(list, name, asString),
  );
  return {
    architecture: optional(member.architecture, `${what}.architecture`, asString) ?? '',
    os: optional(member.os, `${what}.os`, asString) ?? '',
    'os.version': optional(member['os.version'], `${what}.os.version`, asString) || undefined,
    'os.features': features === undefined || features.length === 0 ? undefined : features,
    variant: optional(member.variant, `${what}.variant`, asString) || undefined,
  };
}
