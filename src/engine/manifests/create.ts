import { EngineError } from '../../errors.ts';
import { requireKnownPlatform } from '../../image/platform.ts';
import { familiarReference, formatReference, type Reference } from '../../image/reference.ts';
import type { Context } from '../store/context.ts';
import { type Asking, fetchEntry } from './fetch.ts';
import {
  changeList,
  type ListedPlatform,
  type ManifestEntry,
  type ManifestList,
  type PlatformChange,
} from './lists.ts';

/**
 * Makes a list of images that a registry has, or adds them to one with `amend`; what is in it already stays as it is, in
 * its place. Nothing is made unless all of them are there. Throws `conflict` for a list that is there already, and what
 * {@link fetchEntry} throws.
 */
export async function createList(
  context: Context,
  name: Reference,
  { references, amend, ...asking }: { references: readonly Reference[]; amend: boolean } & Asking,
): Promise<void> {
  const canonical = formatReference(name);
  const change = async (before: ManifestList | undefined): Promise<ManifestList> => {
    if (before !== undefined && !amend) throw alreadyThere(name);
    const entries: ManifestEntry[] = [...(before?.entries ?? [])];
    for (const reference of references) {
      const isHere = entries.some((entry) => entry.reference === formatReference(reference));
      if (!isHere) entries.push(await fetchEntry(asking, reference));
    }
    return { name: canonical, entries };
  };
  await changeList(context, canonical, change, asking.signal);
}

function alreadyThere(name: Reference): EngineError {
  const familiar = familiarReference(name);
  return new EngineError('conflict', `there is a manifest list ${familiar} already`, {
    subject: familiar,
    remedy: 'add to it with --amend, or remove it first with skiff manifest rm',
  });
}

/**
 * Says what platform an image of a list is for, where that is not what its config says; members that are undefined stay.
 * Throws `notFound` for an image that is not in the list, and `invalid` for a system or architecture that nobody knows.
 */
export async function annotateEntry(
  context: Context,
  name: Reference,
  { reference, platform }: { reference: Reference; platform: PlatformChange },
): Promise<void> {
  await changeList(context, formatReference(name), (before) => {
    const wanted = formatReference(reference);
    if (!before?.entries.some((entry) => entry.reference === wanted)) throw notInList(name, reference);
    return {
      ...before,
      entries: before.entries.map((entry) =>
        entry.reference === wanted ? { ...entry, platform: annotated(entry.platform, platform) } : entry,
      ),
    };
  });
}

function annotated(before: ListedPlatform, said: PlatformChange): ListedPlatform {
  const platform = {
    architecture: said.architecture ?? before.architecture,
    os: said.os ?? before.os,
    'os.version': said['os.version'] ?? before['os.version'],
    'os.features': said['os.features'] ?? before['os.features'],
    variant: said.variant ?? before.variant,
  };
  requireKnownPlatform(platform);
  return platform;
}

/** Says that a list, which may not be there at all, has no such image. */
export function notInList(name: Reference, reference: Reference): EngineError {
  const [list, image] = [name, reference].map(familiarReference);
  return new EngineError('notFound', `manifest list ${list} has no image ${image}`, {
    subject: image,
    remedy: `add it with skiff manifest create --amend ${list} ${image}`,
  });
}
