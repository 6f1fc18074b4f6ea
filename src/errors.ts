/**
 * The closed set of ways in which something can go wrong. Faces translate a kind (to an exit code, later to an
 * HTTP status); nothing else does, and nothing ever decides by matching the text of a message.
 */
export type ErrorKind =
  | 'notFound'
  | 'conflict'
  | 'invalid'
  | 'unauthorized'
  | 'denied'
  | 'unavailable'
  | 'notModified'
  | 'unsupported'
  | 'cancelled'
  | 'internal';

/** The failures that the clients of a face know by words of that face: it writes them from this, `subject` and `object`. */
export type Failure =
  | 'noSuchContainer'
  | 'noSuchImage'
  | 'noSuchNetwork'
  | 'noSuchVolume'
  | 'noSuchExec'
  | 'noSuchPath'
  | 'noCommand'
  | 'badContainerName'
  | 'sameContainerName'
  | 'containerNameTaken'
  | 'networkNameTaken'
  | 'notRunning'
  | 'running'
  | 'restarting'
  | 'startOfPaused'
  | 'execInPaused'
  | 'attachToPaused'
  | 'alreadyPaused'
  | 'notPaused'
  | 'alreadyExecuted'
  | 'portTaken'
  | 'portInUse'
  | 'imageOfStopped'
  | 'imageOfRunning'
  | 'imageOfSeveralNames'
  | 'networkInUse'
  | 'volumeInUse';

/** The details of an error besides its kind and message. */
export interface ErrorDetails {
  /** Tells the user what can be done about it: one sentence, lower case, no full stop. */
  hint?: string | undefined;
  /** The same in commands of skiff's, for who has the command line. */
  remedy?: string | undefined;
  /** The object that the message is about: a reference, a container's name, a path. */
  subject?: string | undefined;
  failure?: Failure | undefined;
  /** The id of the object that `failure` is about besides: the container in which a path is, who has the name. */
  object?: string | undefined;
  cause?: unknown;
}

/** The one error that crosses floors. Messages use the user's words and name the object: lower case, no full stop. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly remedy: string | undefined;
  readonly subject: string | undefined;
  readonly failure: Failure | undefined;
  readonly object: string | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.hint = details.hint;
    this.remedy = details.remedy;
    this.subject = details.subject;
    this.failure = details.failure;
    this.object = details.object;
  }
}
