import type { ImageConfig } from '../../oci/image-config.ts';
import { parseSignal } from '../../runtime/monitor/signals.ts';
import type { StopSettings } from '../../runtime/options.ts';
import type { StopOptions } from './create.ts';

const DEFAULT_STOP_SIGNAL = 'SIGTERM';
const DEFAULT_STOP_TIMEOUT_MS = 10_000;

/**
 * Returns the stop signal and timeout: the user's, else the image's (STOPSIGNAL), else Docker's defaults. Throws
 * `invalid` for no signal.
 */
export function stopSettings(image: ImageConfig | undefined, options: StopOptions): StopSettings {
  return {
    signal: parseSignal(options.signal || image?.config.StopSignal || DEFAULT_STOP_SIGNAL),
    timeoutMs: options.timeoutMs ?? DEFAULT_STOP_TIMEOUT_MS,
  };
}
