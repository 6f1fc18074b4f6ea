import type { Digest } from '../../oci/digest.ts';

/** Who wants to see a pull happen. Sizes are bytes of the layer as it is transferred. */
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

/** For callers that do not want to know. */
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
