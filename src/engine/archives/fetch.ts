import { VERSION } from '../../host/version.ts';
import { download } from '../../registry/download.ts';
import type { Context } from '../store/context.ts';

/** Yields what a URL leads to. Throws as `download`. */
export function fetchArchive(
  { environment }: Context,
  url: URL,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  return download(url, { userAgent: `skiff/${VERSION}`, environment, signal });
}
