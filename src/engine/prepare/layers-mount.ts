import type { RuntimeBind, RuntimeOverlay } from '../../runtime/options.ts';

/** The files of layers, as they are mounted into a container. */
export interface LayersMount extends Pick<RuntimeOverlay, 'beneath' | 'destination' | 'idMap'> {
  /** At least one, topmost first. */
  lowers: readonly string[];
}

/** Mounts layers read-only, without their devices. A single one is bound, as an overlay wants two at least. */
export function layersMount({ lowers, ...mount }: LayersMount): RuntimeBind | RuntimeOverlay {
  const [only, ...more] = lowers;
  if (only === undefined || more.length > 0) return { ...mount, type: 'overlay', lowers, readOnly: true };
  return {
    ...mount,
    type: 'bind',
    source: only,
    recursive: false,
    readOnly: 'deep',
    propagation: 'rprivate',
    flags: ['nodev'],
  };
}
