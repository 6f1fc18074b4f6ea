/** `count` ids, from `inside` in a container and from `outside` on the host. */
interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

/** A place in a tree, as the verbs of the helper take it (native/VERBS.md, ROOT). */
export interface TreePlace {
  /** `dir:PATH`, `mount:PATH`, `pid:PID:STARTTIME`, `plan:FILE`. */
  root: string;
  /** Below that root; links lead within it. */
  path: string;
  /** Whose the owners are that the tree shows; absent: the host's. */
  owners?: { uids: readonly IdRange[]; gids: readonly IdRange[] } | undefined;
}

/** The words by which verbs take id maps. */
export function mapWords(word: 'from' | 'to', owners: TreePlace['owners']): string[] {
  const text = (kind: 'u' | 'g') => (range: IdRange) =>
    `${word}=${kind}:${range.inside}:${range.outside}:${range.count}`;
  return [...(owners?.uids ?? []).map(text('u')), ...(owners?.gids ?? []).map(text('g'))];
}
