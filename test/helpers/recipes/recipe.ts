/** How the layers of a test image come about, and what its configuration says. */
export interface Recipe {
  /** Uncompressed tar archives, bottom first. */
  layers: readonly Buffer[];
  config?: Record<string, unknown>;
}
