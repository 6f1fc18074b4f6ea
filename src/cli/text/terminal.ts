/** A stream that output goes to, and what is known of its terminal; `process.stdout` and `process.stderr` are such. */
export interface OutputStream {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
  write(text: string): boolean;
}

/** Whether lines may be rewritten: the stream is a terminal that understands escape sequences. */
export function isAnimated(
  stream: Pick<OutputStream, 'isTTY'>,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/**
 * Whether colours are welcome: the stream is a terminal that understands escape sequences, and NO_COLOR (no-color.org) is
 * unset or empty.
 */
export function wantsColour(
  stream: Pick<OutputStream, 'isTTY'>,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return isAnimated(stream, env) && !env.NO_COLOR;
}
