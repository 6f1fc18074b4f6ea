import { EngineError, type ErrorKind } from '../../errors.ts';

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

/**
 * Returns the answer for what a handler has thrown. The hint is part of the message: clients show nothing else. After lines of
 * a file it has one of its own.
 */
export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof EngineError) {
    const { kind, hint } = error;
    const message = kind === 'notFound' ? withDockersCapital(error.message) : error.message;
    const text = hint === undefined ? message : `${message}${message.includes('\n') ? '\n' : ' '}(${hint})`;
    return { status: STATUS[kind], body: { message: text } };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { status: 500, body: { message: `skiff has failed: ${message}` } };
}

/** docker-py and compose tell by the words "No such image", with this capital, that one is to be pulled. */
function withDockersCapital(message: string): string {
  return message.replace(/^no such /, 'No such ');
}
