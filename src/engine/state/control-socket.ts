import { join } from 'node:path';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/** The socket on which a container's monitor takes requests, whether it has one now or not. */
export function controlSocket({ paths }: Pick<Context, 'paths'>, { id }: Pick<ContainerRow, 'id'>): string {
  return join(paths.run, id, 'ctl');
}
