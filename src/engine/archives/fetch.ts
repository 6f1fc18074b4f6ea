import { VERSION } from '../../host/version.ts';
import { openDownload } from '../../registry/download.ts';
import type { Context } from '../store/context.ts';

/** What a URL leads to. */
export interface FetchedArchive {
  /** As the server has said, in bytes. */
  size: number | undefined;
  /** To be iterated once. */
  bytes: AsyncIterable<Uint8Array>;
}

/** Opens what a URL leads to. Throws as `openDownload`. */
export async function fetchArchive(
  { environment }: Context,
  url: URL,
  signal?: AbortSignal,
): Promise<FetchedArchive> {
  const { header, body } = await openDownload(url, {
    userAgent: `skiff/${VERSION}`,
    environment,
    signal,
  });
  const length = header('content-length');
  return { size: length === undefined ? undefined : Number(length), bytes: body };
}
