import { parseImageConfig } from '../oci/image-config.ts';
import { parseSignal } from '../runtime/signals.ts';
import type { ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';
import { imageById } from './image-store.ts';

const DEFAULT_STOP_SIGNAL = 'SIGTERM';
const DEFAULT_STOP_TIMEOUT_MS = 10_000;

/** The signal that asks a container to end, and how long it may take, in ms. */
export interface StopSettings {
  signal: number;
  timeoutMs: number;
}

/** What the image says (STOPSIGNAL), else Docker's defaults. */
export function stopSettings(context: Context, row: ContainerRow): StopSettings {
  const image = imageById(context.database, row.imageId);
  const config = image === undefined ? undefined : parseImageConfig(Buffer.from(image.config));
  return {
    signal: parseSignal(config?.config.StopSignal || DEFAULT_STOP_SIGNAL),
    timeoutMs: DEFAULT_STOP_TIMEOUT_MS,
  };
}
