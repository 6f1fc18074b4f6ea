import { readdirSync, readFileSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { digestOf, hexOf } from '../oci/digest.ts';

/**
 * The files that travel inside the executable: the native helper, and the program of the image `hello`.
 * Below `bin/` each JavaScript runtime has an entry that knows where they are.
 */
export interface Assets {
  /** The helper's path, as this runtime reads it. */
  helper: string;
  /** The path of the static program of the image `hello`. */
  hello: string;
  /** The helper's sha256 as 64 hex digits, when the build noted it; otherwise it is computed on first use. */
  helperDigest?: string | undefined;
  /** The sources of the seccomp compiler and its data, or the sha256 over them when the build noted it. */
  seccomp: { directory: string } | { revision: string };
}

let assets: Assets | undefined;
let digest: string | undefined;

/** Says where the assets are; called once by the entry below `bin/`, before anything else runs. */
export function setAssets(found: Assets): void {
  assets = found;
  digest = found.helperDigest;
}

/** The bytes of an asset. Throws `internal` when this build has none. */
export function assetBytes(name: 'helper' | 'hello'): Uint8Array {
  const file = known()[name];
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new EngineError('internal', `cannot read ${file}, a part of this program`, {
      hint: 'build skiff with bin/skiff',
      subject: file,
      cause,
    });
  }
}

/** The sha256 of the helper as 64 hex digits. In the executable it is a constant and costs nothing. */
export function helperDigest(): string {
  digest ??= known().helperDigest ?? hexOf(digestOf(assetBytes('helper')));
  return digest;
}

/** Changes whenever the seccomp compiler or its data do: 64 hex digits, a constant in the executable. */
export function seccompRevision(): string {
  const { seccomp } = known();
  if ('revision' in seccomp) return seccomp.revision;
  const files = readdirSync(seccomp.directory).sort();
  return hexOf(digestOf(files.map((file) => readFileSync(`${seccomp.directory}/${file}`, 'utf8')).join('')));
}

function known(): Assets {
  if (assets === undefined) throw new EngineError('internal', 'this program was started without its assets');
  return assets;
}
