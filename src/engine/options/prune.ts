/** Chooses among the objects that nobody uses; all of them when nothing is given. */
export interface PruneFilters {
  /** ms since the epoch: only what was made before. */
  until?: number | undefined;
  /** The labels that an object must have or lack: each has to hold. */
  labels?: readonly LabelFilter[] | undefined;
}

/** An object has the label, with this value if there is one; `negated`: it has not. */
export interface LabelFilter {
  key: string;
  value?: string | undefined;
  negated?: boolean | undefined;
}

/** Chooses in the cache of builds: all that is said has to fit. */
export interface CachePruneFilters {
  /** ms since the epoch: only what was not used since. */
  until?: number | undefined;
  /** A part of the key. */
  id?: string | undefined;
  /** As `system df` tells it: `regular` or `exec.cachemount`. */
  type?: string | undefined;
  description?: string | undefined;
  /** A build that is under way uses it: then it stays anyway. */
  inUse?: boolean | undefined;
  /** An image or a container has its layer, too. */
  shared?: boolean | undefined;
}

/** How much of the cache of builds stays, in bytes; 0 is as good as absent. */
export interface CacheLimits {
  /** So much stays, whatever else is said. */
  reserved?: number | undefined;
  /** No more stays. */
  most?: number | undefined;
  /** So much is to be free where the store lies, and no more goes than that takes. */
  free?: number | undefined;
}

/** Whether an object is among those that are meant. */
export function fitsPrune(
  { createdAt, labels: own }: { createdAt: number; labels: Readonly<Record<string, string>> },
  { until, labels = [] }: PruneFilters,
): boolean {
  if (until !== undefined && createdAt >= until) return false;
  return labels.every(({ key, value, negated = false }) => {
    const has = Object.hasOwn(own, key) && (value === undefined || own[key] === value);
    return has !== negated;
  });
}
