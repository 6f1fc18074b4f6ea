/** What output needs to know about where it goes; `process.stdout` and `process.stderr` are such. */
export interface OutputStream {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
  write(text: string): boolean;
}

/** Lines may be rewritten here: a terminal that understands escape sequences. */
export function isAnimated(
  stream: Pick<OutputStream, 'isTTY'>,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Colours are welcome: such a terminal, and NO_COLOR (no-color.org) is unset or empty. */
export function wantsColour(
  stream: Pick<OutputStream, 'isTTY'>,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return isAnimated(stream, env) && !env.NO_COLOR;
}
