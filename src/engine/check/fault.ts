/** What a check has found in a store. */
export interface Fault {
  topic: 'database' | 'image' | 'container' | 'volume' | 'snapshot' | 'blob' | 'layer' | 'lease' | 'garbage';
  /** A name, an id, or a path. */
  name: string;
  detail: string;
  /**
   * `wrong`: something that a row names is not as it should be. `limited`: all is well, but for what `detail` says.
   * `left`: what a command left that failed or was killed, which is in nobody's way.
   */
  state: 'wrong' | 'limited' | 'left';
  /** What the user can do. */
  remedy?: string | undefined;
  /** Mends it without loss; absent when nobody can. */
  mend?: (() => Promise<void>) | undefined;
}

/** The detail of an image of whose records nobody can say what they name: nothing may be collected then. */
export const UNREADABLE = 'its records are not what their digests say';

/** The fault of an image. */
export function wrong(name: string, detail: string, ways: Pick<Fault, 'mend' | 'remedy'> = {}): Fault {
  return { topic: 'image', name, detail, state: 'wrong', ...ways };
}
