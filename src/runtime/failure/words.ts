import type { ErrorKind } from '../../errors.ts';

/** What the helper reports about a step that failed (native/VERBS.md, "The error record"). */
export interface FailureRecord {
  /** One of native/stages.def. */
  stage: string;
  errno: number;
  /** The object of the step: a path, a name. */
  detail: string;
}

/** What went wrong, in a user's words; without `exitCode` it is 125. */
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

/** What is known better than in general. */
export type Explainer = (failure: Failure) => Partial<Words>;
