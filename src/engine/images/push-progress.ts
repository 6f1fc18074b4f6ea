import type { Digest } from '../../oci/digest.ts';

/** Handlers of what happens during a push. */
export interface PushProgress {
  /** Where images are pushed to: `registry.example.com/team/app`. */
  repository(name: string): void;
  /** `diffID` is that of the layer's content. */
  layer(diffID: Digest): PushedLayer;
  /** An image is whole at the registry: its tag, and the digest and size in bytes of its manifest. */
  pushed(tag: string, digest: Digest, size: number): void;
}

/** What nobody wants to see. */
export const SILENT_PUSH: PushProgress = {
  repository: () => {},
  layer: () => {
    const nothing = () => {};
    return { preparing: nothing, pushing: nothing, exists: nothing, mounted: nothing, done: nothing };
  },
  pushed: () => {},
};

/** Sizes are bytes of the layer as it is transferred. */
export interface PushedLayer {
  preparing(): void;
  pushing(current: number, total: number): void;
  exists(): void;
  mounted(from: string): void;
  done(): void;
}
