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
