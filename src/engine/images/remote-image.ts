import { type Image, type ImageDocument, readImage } from '../../image/image.ts';
import { requirePlatform } from '../../image/platform.ts';
import type { Index, Manifest } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import { chooseManifest, fetchManifest, type ImageSource, readConfig } from './pull-manifest.ts';

/** An image of a registry by its documents alone, and what its name leads to there: these, or an index that has the choice. */
export interface RemoteImage {
  image: Image;
  top: ImageDocument<Index | Manifest>;
}

/**
 * Reads manifest and config of an image, as a pull does before it fetches layers. `text`: what the user calls it. Throws as a
 * pull.
 */
export async function readRemoteImage(
  source: ImageSource,
  { platform, text }: { platform: Platform | undefined; text: string },
): Promise<RemoteImage> {
  const { reference } = source;
  const top = await fetchManifest(source, reference.digest ?? reference.tag ?? 'latest');
  const manifest = await chooseManifest(source, top, platform);
  const image = readImage(manifest, await readConfig(source, manifest.parsed.config));
  if (platform !== undefined) requirePlatform(image.config.parsed, platform, text);
  return { image, top };
}
