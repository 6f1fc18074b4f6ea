import { parseImageConfig } from '../../oci/image-config.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, familiarName, namesOf } from '../store/images.ts';
import { layerDirectories, storageDriver } from '../store/layer-directories.ts';
import { imageConfigObject } from './config.ts';
import { hidden, mapOf, omitEmpty } from './go-json.ts';
import { inspectManifests } from './image-manifests.ts';

/**
 * An image as `docker image inspect` shows it (Docker Engine API, ImageInspect): JSON, Docker's names and units; `manifests`:
 * with those of the index to which its name leads.
 */
export function inspectImage(
  context: Context,
  found: FoundImage,
  { manifests = true }: { manifests?: boolean } = {},
): object {
  const { image } = found;
  const config = parseImageConfig(Buffer.from(image.config));
  const names = namesOf(context.database, image.id);
  const driver = storageDriver(context);
  const lowers = layerDirectories(context, image.layers, undefined, driver);
  return hidden(
    omitEmpty(
      {
        Id: image.id,
        RepoTags: names.tags.map(familiarName),
        RepoDigests: names.digests.map(familiarName),
        Parent: '',
        Comment: config.history.at(-1)?.comment ?? '',
        Created: config.created ?? '',
        Author: config.author ?? '',
        Config: imageConfigObject(config),
        Architecture: config.architecture,
        Variant: config.variant ?? '',
        // As Docker: what says nothing is for the system that shows it.
        Os: config.os || 'linux',
        ...versionsIn(image.config),
        Size: image.size,
        GraphDriver: { Data: graphData(lowers), Name: driver },
        RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
        Metadata: { LastTagTime: new Date(image.createdAt).toISOString() },
        ...inspectManifests(context, found, { listed: manifests }),
      },
      'Created',
      'Variant',
      'OsVersion',
    ),
    { ID: image.id },
  );
}

/** What a config may have that nothing is made from: which Docker has built it, and for which version of a system. */
function versionsIn(config: string): { DockerVersion: string; OsVersion: string } {
  const document = JSON.parse(config) as Record<string, unknown>;
  const text = (name: string) => (typeof document[name] === 'string' ? document[name] : '');
  return { DockerVersion: text('docker_version'), OsVersion: text('os.version') };
}

/** The topmost layer is what the image adds to those below. */
function graphData([upper = '', ...lowers]: readonly string[]): object {
  return mapOf({ ...(lowers.length > 0 ? { LowerDir: lowers.join(':') } : {}), UpperDir: upper });
}
