import type { Digest } from '../../oci/digest.ts';

/** Handlers of what happens during a pull. Sizes are bytes of the layer as it is transferred. */
export interface PullProgress {
  message(text: string): void;
  layer(digest: Digest): LayerProgress;
}

export interface LayerProgress {
  exists(): void;
  downloading(current: number, total: number): void;
  downloaded(): void;
  extracting(current: number, total: number): void;
  done(): void;
}

/** Handlers that do nothing, for callers that do not want to know. */
export const SILENT: PullProgress = {
  message: () => {},
  layer: () => ({
    exists: () => {},
    downloading: () => {},
    downloaded: () => {},
    extracting: () => {},
    done: () => {},
  }),
};
