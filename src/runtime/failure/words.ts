import type { ErrorKind } from '../../errors.ts';

/** The helper's record of a step that failed (native/VERBS.md, "The error record"). */
export interface FailureRecord {
  /** A stage of native/stages.def. */
  stage: string;
  errno: number;
  /** The object of the step: a path, a name. */
  detail: string;
}

/** A failure in a user's words; without `exitCode` it is 125. */
export interface Words {
  kind: ErrorKind;
  message: string;
  hint?: string | undefined;
  exitCode?: 126 | 127;
}

/** Everything that is known about a failure when it is put into words. */
export interface Failure extends FailureRecord {
  /** `ENOENT`. */
  code: string;
  /** `no such file or directory`. */
  reason: string;
  command: string;
  user: string;
}

/** Returns the words for one stage's failure that are better than the general ones. */
export type Explainer = (failure: Failure) => Partial<Words>;
