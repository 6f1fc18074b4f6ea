/** What a `.dockerignore` leaves out of a context. */
export interface IgnoreRules {
  /** In the order in which they stand; the last one that matches decides. */
  readonly patterns: readonly { text: string; exception: boolean }[];
}
