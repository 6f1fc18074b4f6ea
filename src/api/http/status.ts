import { EngineError, type ErrorKind } from '../../errors.ts';
import { wordsOf } from './words.ts';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  notFound: 404,
  conflict: 409,
  invalid: 400,
  unauthorized: 401,
  denied: 403,
  unavailable: 503,
  notModified: 304,
  unsupported: 501,
  cancelled: 499,
  internal: 500,
};

/** An error that is an answer: its status, and Docker's ErrorResponse. */
export interface ErrorAnswer {
  status: number;
  body: { message: string };
}

/** Returns the answer for what a handler has thrown. */
export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof EngineError) return { status: STATUS[error.kind], body: { message: wordsOf(error) } };
  const message = error instanceof Error ? error.message : String(error);
  return { status: 500, body: { message: `skiff has failed: ${message}` } };
}
