import { familiarReference, parseReference } from '../../image/reference.ts';
import type { Digest } from '../../oci/digest.ts';

/**
 * Returns the name that a parameter of a name and one of a tag say together. As with Docker a tag stands in for the one of the
 * name, and may be a digest. Throws `invalid`.
 */
export function named(name: string, tag: string | undefined): string {
  if (tag === undefined) return name;
  const { domain, path, digest } = parseReference(name);
  const rest = tag.includes(':') ? { digest: tag as Digest } : { tag, digest };
  return familiarReference({ domain, path, ...rest });
}

/** Whether a name says a tag or a digest; otherwise it may stand for all of its repository. */
export function isOfOne(name: string): boolean {
  return /[:@][^/]*$/.test(name);
}
