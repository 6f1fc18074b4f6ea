import { EngineError } from '../errors.ts';
import { newSha256 } from './sha256.ts';

/** `sha256:` and 64 lower-case hex digits (OCI image spec, descriptor.md, "Digests"). */
export type Digest = string & { readonly __brand: 'Digest' };

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Reads a digest; throws `invalid` for anything but sha256, the only algorithm that skiff verifies. */
export function parseDigest(text: string, what = 'digest'): Digest {
  if (DIGEST.test(text)) return text as Digest;
  throw new EngineError('invalid', `${what} "${text}" is not a sha256 digest`, { subject: text });
}

/** Whether a text is one, as records of ours may be damaged. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** The 64 hex digits of a digest: the name of its blob below `blobs/sha256/`. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** The digest of bytes that are already in memory. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${newSha256().update(bytes).digest('hex')}` as Digest;
}

/**
 * The chainIDs of a stack of layers, bottom first: `chain[0] = diffIDs[0]`,
 * `chain[n] = sha256(chain[n-1] + " " + diffIDs[n])` (OCI image spec, config.md, "Layer ChainID").
 */
export function chainIDs(diffIDs: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffID of diffIDs) {
    const parent = chain.at(-1);
    chain.push(parent === undefined ? diffID : digestOf(`${parent} ${diffID}`));
  }
  return chain;
}
