import { parseReference } from '../../image/reference.ts';
import { RegistryUploads } from '../../registry/upload.ts';
import { connectRegistries } from '../images/registries.ts';
import type { Build } from './build.ts';
import type { CacheTarget } from './cache-options.ts';
import type { CachePlace } from './cache-place.ts';
import type { Task } from './progress.ts';

/** Opens the place of a cache in a registry. Throws as the client does. */
export async function openRegistryTarget(
  { parts: { context, signal } }: Build,
  { reference: text, insecure }: CacheTarget & { kind: 'registry' },
  task: Task,
): Promise<CachePlace> {
  const reference = parseReference(text);
  const requests = await connectRegistries(context, ({ message }) => task.note(message), {
    insecure: insecure ? [reference.domain] : [],
  });
  const uploads = new RegistryUploads(requests);
  return {
    blob: async ({ descriptor, open }) => {
      await uploads.blob(reference, { descriptor, open, signal });
    },
    finish: (manifest) => uploads.manifest(reference, reference.tag ?? 'latest', manifest, signal),
  };
}
