import { parseImageConfig } from '../../oci/image-config.ts';
import type { Context } from '../store/context.ts';
import { appendEvent } from './journal.ts';

/**
 * Notes what happened to an image: Docker's `pull`, `tag`, `untag`, `delete`, … `id` is what it happened to (a reference,
 * or the image's id), `config` the text of its config, whose labels are told; undefined when it is gone.
 */
export function appendImageEvent(
  context: Context,
  action: string,
  { id, name, config }: { id: string; name: string; config: string | undefined },
): void {
  const labels = config === undefined ? {} : parseImageConfig(Buffer.from(config)).config.Labels;
  appendEvent(context, { type: 'image', action, id, attributes: { ...labels, name } });
}

/** `alpine` of `alpine:3.20` and of `alpine@sha256:…`. */
export function repositoryName(familiar: string): string {
  const [name = familiar] = familiar.split('@');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
