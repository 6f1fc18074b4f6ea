import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';

/** A blob on its way into a cache. */
export interface OutgoingBlob {
  descriptor: Descriptor;
  /** Its bytes from the beginning; whoever reads them verifies them, or has the registry do that. */
  open(): AsyncIterable<Uint8Array>;
}

/** The place of a cache that is written. */
export interface CachePlace {
  /** Brings a blob there, unless it is there. */
  blob(blob: OutgoingBlob): Promise<void>;
  /** Makes what is there the cache, when all blobs are. */
  finish(manifest: { bytes: Uint8Array; digest: Digest; mediaType: string }): Promise<void>;
}
